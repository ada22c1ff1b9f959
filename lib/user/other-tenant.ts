/** The third answer of a user loader, beside a user and null. */

/**
 * Stands for "this login belongs to another tenant". The request is anonymous, and the login goes on at home. Null
 * would end the login. The value is one for all copies of this package.
 */
export const OTHER_TENANT: unique symbol = Symbol.for('nestjs-login other tenant');
