/** Exports `nestjs-login/sql`: sessions and logins in PostgreSQL or SQLite, by the application's own connections. */
export type { PgPool, SqlDatabase, SqlDriver, SqliteDatabase, SqlRow, SqlStatement, SqlValue } from './sql-driver.js';
export { SqlLoginStore } from './sql-login-store.js';
export { loginSchema } from './sql-schema.js';
export { SqlSessionStore } from './sql-session-store.js';
export { migrateLoginTables, sqlStorage } from './sql-storage.js';
export type { SqlStorage, SqlStorageOptions } from './sql-storage.js';
