/** Reads the id, the activity and the security stamp of a user. Any object may be one. */
import { hash } from 'node:crypto';
import { LoginFault } from '../exceptions/login-fault.js';
import { sameText } from '../http/signature.js';

/**
 * Takes the user type of an application, once for the service and for `@CurrentUser('field')`:
 * `declare module 'nestjs-login' { interface Register { user: User } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface Register {}

/** The application's user type. It is `object` until `Register` has one. */
export type LoginUser = Register extends { user: infer User extends object } ? User : object;

/** The id of a user: a text, a number, a bigint, or an object that prints itself, such as an ObjectId. */
export type LoginUserId = string | number | bigint | { toString(): string };

/** The names of the user's fields. Any text is one until `Register` has a type. */
export type LoginUserField = Register extends { user: infer User } ? Extract<keyof User, string> : string;

/**
 * Returns the user's id as text, from the property or method `attribute`, else from `getId()`, else from `id`.
 * @throws LoginFault ERR_LOGIN_USER_ID for a user without an id, or with one that does not print itself
 */
export function userIdOf(user: unknown, attribute: string | null): string {
  const name = attribute ?? (typeof property(user, 'getId') === 'function' ? 'getId' : 'id');
  const member = property(user, name);
  const id: unknown = typeof member === 'function' ? member.call(user) : member;
  const text = idText(id);
  if (text !== undefined) return text;

  const kind = id === undefined ? 'missing' : `of type ${id === null ? 'null' : typeof id}`;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `A user's "${name}" is no id: it is ${kind}.`,
    'Give the user an id that is a text, a number, a bigint or an object that prints itself, ' +
      'or name its property by the option "idAttribute".',
  );
}

/** Returns false for a user with `isActive`, property or method, that is false. Every other user is active. */
export function isActiveUser(user: unknown): boolean {
  const member = property(user, 'isActive');
  return (typeof member === 'function' ? (member.call(user) as unknown) : member) !== false;
}

/**
 * Returns a hash of the user's `securityStamp`, property or method, or null where the user has none. The stamp is any
 * text that changes with the password or a factor. It may contain a password's hash, so a store gets no more than this
 * hash.
 * @throws LoginFault ERR_LOGIN_USER_STAMP for a stamp that is neither text, number, bigint nor date
 */
export function stampHashOf(user: unknown): string | null {
  const member = property(user, 'securityStamp');
  const stamp: unknown = typeof member === 'function' ? member.call(user) : member;
  if (stamp === undefined || stamp === null) return null;

  const text = stamp instanceof Date ? String(stamp.getTime()) : stamp;
  if (typeof text === 'string' || typeof text === 'number' || typeof text === 'bigint')
    return hash('sha256', `nestjs-login stamp\0${text}`, 'base64url').slice(0, 22);
  throw new LoginFault(
    'ERR_LOGIN_USER_STAMP',
    `A user's "securityStamp" is of type ${typeof stamp}.`,
    'Make it a text, a number, a bigint or a date that changes with the password.',
  );
}

/**
 * Tells whether two objects are one user with one security stamp. A proof of one of them then proves the other as well.
 */
export function isSameProof(one: object, other: object, idAttribute: string | null): boolean {
  const of = (user: object): string => `${stampHashOf(user) ?? ''} ${userIdOf(user, idAttribute)}`;
  return sameText(of(one), of(other));
}

/** Returns the id of a user as text, for methods that take an id and no user. @throws LoginFault ERR_LOGIN_USER_ID */
export function userIdText(id: unknown): string {
  const text = idText(id);
  if (text !== undefined) return text;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `A user id was expected and ${id === null ? 'null' : `a value of type ${typeof id}`} came.`,
    'Pass the id that the user loader gets, not the user.',
  );
}

/** Returns the value of a user's property; undefined where there is no user. */
export function property(user: unknown, name: string): unknown {
  return typeof user === 'object' && user !== null ? (user as Record<string, unknown>)[name] : undefined;
}

function idText(id: unknown): string | undefined {
  if (typeof id === 'string') return id === '' ? undefined : id;
  if (typeof id === 'number') return Number.isFinite(id) ? String(id) : undefined;
  if (typeof id === 'bigint') return String(id);
  if (typeof id !== 'object' || id === null || Array.isArray(id) || id instanceof Promise) return undefined;
  // An ObjectId or a UUID object prints itself. A plain object prints "[object Object]", the same for every user.
  const text = typeof id.toString === 'function' ? printed(id) : '';
  return text === '' || text.startsWith('[object ') ? undefined : text;
}

function printed(id: object): string {
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- the caller refuses an object that does not print itself
    return String(id);
  } catch {
    return '';
  }
}
