/** What a user has to answer: an id, and whether they are active. Any object will do. */
import { LoginFault } from '../exceptions/login-fault.js';

/**
 * Where an application says its user's type, once, for the service and `@CurrentUser('field')`:
 * `declare module 'nestjs-login' { interface Register { user: User } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface Register {}

/** The application's user type; `object` until `Register` says more. */
export type LoginUser = Register extends { user: infer User extends object } ? User : object;

/** The names of the user's fields; any text until `Register` says more. */
export type LoginUserField = Register extends { user: infer User } ? Extract<keyof User, string> : string;

/**
 * The user's id as text, from the property or method `attribute`, else from `getId()`, else from `id`.
 * @throws LoginFault ERR_LOGIN_USER_ID for a user without an id, or with one that does not print itself
 */
export function userIdOf(user: unknown, attribute: string | null): string {
  const name = attribute ?? (typeof property(user, 'getId') === 'function' ? 'getId' : 'id');
  const member = property(user, name);
  const id: unknown = typeof member === 'function' ? member.call(user) : member;
  const text = idText(id);
  if (text !== undefined) return text;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `A user's "${name}" is no id: it is ${id === undefined ? 'missing' : `of type ${id === null ? 'null' : typeof id}`}.`,
    'Give the user an id that is a text, a number, a bigint or an object that prints itself, or name its property by the option "idAttribute".',
  );
}

/** False for a user whose `isActive`, property or method, says so. Everything else is active. */
export function isActiveUser(user: unknown): boolean {
  const member = property(user, 'isActive');
  return (typeof member === 'function' ? (member.call(user) as unknown) : member) !== false;
}

/** The value of a user's property; undefined where there is no user. */
export function property(user: unknown, name: string): unknown {
  return typeof user === 'object' && user !== null ? (user as Record<string, unknown>)[name] : undefined;
}

function idText(id: unknown): string | undefined {
  if (typeof id === 'string') return id === '' ? undefined : id;
  if (typeof id === 'number') return Number.isFinite(id) ? String(id) : undefined;
  if (typeof id === 'bigint') return String(id);
  if (typeof id !== 'object' || id === null || Array.isArray(id) || id instanceof Promise) return undefined;
  // An ObjectId or a UUID object prints itself; a plain object would print "[object Object]", the same for everybody.
  const text = typeof id.toString === 'function' ? printed(id) : '';
  return text === '' || text.startsWith('[object ') ? undefined : text;
}

function printed(id: object): string {
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- who prints nothing of their own is refused by the caller
    return String(id);
  } catch {
    return '';
  }
}
