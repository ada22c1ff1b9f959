/** The third possible result of a user loader, beside a user and null. */

/**
 * Means "this login belongs to another tenant". The request is anonymous, and the login stays valid for its own tenant.
 * Null would end the login. All copies of this package share the same value.
 */
export const OTHER_TENANT: unique symbol = Symbol.for('nestjs-login other tenant');
