/** Checks the storage of an application, or makes one in memory outside of production. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginStorage } from '../logins/login-storage.js';
import type { LoginStore } from '../logins/login-store.js';

/**
 * The methods of a LoginStore. Its class is not compared, because two copies of it (ES module, CommonJS) are one port.
 */
const STORE_METHODS: readonly (keyof LoginStore)[] = [
  'now',
  'insert',
  'find',
  'saveValues',
  'replace',
  'touch',
  'delete',
  'listByUser',
  'deleteByUser',
  'deleteExpired',
];
const SESSION_STORE_METHODS: readonly (keyof LoginStorage['sessions'])[] = ['get', 'set', 'destroy'];

/** The settings of `resolveStorage`. */
interface StorageSettings {
  readonly production: boolean;
  readonly memoryStorage: () => LoginStorage;
}

/**
 * Returns the storage, or a new one in memory where none is given.
 * @throws LoginFault ERR_LOGIN_MEMORY_STORAGE in production, ERR_LOGIN_INVALID_OPTION
 */
export function resolveStorage(given: unknown, { production, memoryStorage }: StorageSettings): LoginStorage {
  if (given === undefined) {
    if (!production) return memoryStorage();
    throw new LoginFault(
      'ERR_LOGIN_MEMORY_STORAGE',
      'No storage is named, and memory forgets every login at a restart and knows nothing of other nodes.',
      'Set the option "storage" to redisStorage(client) or sqlStorage(database); ' +
        'if memory is what you want, write storage: memoryStorage().',
    );
  }

  const { logins, sessions } = (given ?? {}) as Partial<LoginStorage>;
  const isSessions = hasMethods(sessions, SESSION_STORE_METHODS);
  if (production && sessions?.constructor?.name === 'MemoryStore')
    throw new LoginFault(
      'ERR_LOGIN_MEMORY_STORAGE',
      'The option "storage.sessions" is the MemoryStore of express-session, which grows until the process ends.',
      'Give a session store that lasts; if memory is what you want, write storage: memoryStorage().',
    );
  if (isSessions && hasMethods(logins, STORE_METHODS)) return given as LoginStorage;

  throw new LoginFault(
    'ERR_LOGIN_INVALID_OPTION',
    `The option "storage" has no ${isSessions ? 'LoginStore as "logins"' : 'session store as "sessions"'}.`,
    'Write redisStorage(client) or sqlStorage(database), or { sessions, logins } from two: ' +
      'a session store of express-session, and a LoginStore.',
  );
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
