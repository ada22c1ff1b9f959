/** Reads the id, the activity and the security stamp of a user. Any object may be a user. */
import { hash } from 'node:crypto';
import { LoginFault } from '../exceptions/login-fault.js';
import { sameText } from '../http/signature.js';

/**
 * Takes the user type of an application, once for the service and for `@CurrentUser('field')`.
 * `declare module 'nestjs-login' { interface Register { user: User } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface Register {}

/** The application's user type. It is `object` until `Register` declares a type. */
export type LoginUser = Register extends { user: infer User extends object } ? User : object;

/** The id of a user. It is a text, a number, a bigint, or an object with its own `toString`, such as an ObjectId. */
export type LoginUserId = string | number | bigint | { toString(): string };

/** The name of a field of the user. Any text is allowed until `Register` declares a type. */
export type LoginUserField = Register extends { user: infer User } ? Extract<keyof User, string> : string;

/**
 * Returns the user's id as text. Reads the property or method `attribute`, else `getId()`, else `id`.
 * @throws LoginFault ERR_LOGIN_USER_ID for a user without an id, or with an id that has no text form of its own
 */
export function userIdOf(user: unknown, attribute: string | null): string {
  const name = attribute ?? (typeof property(user, 'getId') === 'function' ? 'getId' : 'id');
  const id = valueOf(user, name);
  const text = idText(id);
  if (text !== undefined) return text;

  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `A user's "${name}" is no id: it is ${kindOf(id)}.`,
    'Give the user an id that is a text, a number, a bigint or an object that prints itself, ' +
      'or name its property by the option "idAttribute".',
  );
}

/** The values that databases use for true and false. */
const ACTIVE: readonly unknown[] = [true, 1, 1n, '1', undefined];
const INACTIVE: readonly unknown[] = [false, 0, 0n, '0'];

/**
 * Reads `isActive`, which is a property or a method. A user without it is active. `true`, `1`, `1n` and `'1'` mean
 * active, and `false`, `0`, `0n` and `'0'` mean inactive.
 * @throws LoginFault ERR_LOGIN_USER_ACTIVE for every other value, so that an unknown one never lets a disabled user in
 */
export function isActiveUser(user: unknown): boolean {
  const value = valueOf(user, 'isActive');
  if (ACTIVE.includes(value)) return true;
  if (INACTIVE.includes(value)) return false;
  throw new LoginFault(
    'ERR_LOGIN_USER_ACTIVE',
    `A user's "isActive" is neither true nor false: it is ${kindOf(value)}.`,
    'Make it true or false. 1, 0 and the texts "1" and "0" count as well.',
  );
}

/**
 * Returns a hash of the user's `securityStamp`, which is a property or a method. Returns null if the user has none. The
 * stamp is any text that changes with the password or a factor. It may contain the hash of a password, so a store gets
 * only this hash of it. A date, its milliseconds and its ISO text are the same stamp, because JSON turns a date into
 * ISO text.
 * @throws LoginFault ERR_LOGIN_USER_STAMP for a stamp that is neither text, number, bigint nor date
 */
export function stampHashOf(user: unknown): string | null {
  const stamp = valueOf(user, 'securityStamp');
  if (stamp === undefined || stamp === null) return null;

  const text = stampText(stamp);
  if (text !== undefined) return hash('sha256', `nestjs-login stamp\0${text}`, 'base64url').slice(0, 22);
  throw new LoginFault(
    'ERR_LOGIN_USER_STAMP',
    `A user's "securityStamp" is ${kindOf(stamp)}.`,
    'Make it a text, a number, a bigint or a date that changes with the password.',
  );
}

/**
 * Describes the form of a user's stamp for a warning. Reveals nothing of the stamp, which may be the hash of a
 * password.
 */
export function stampKindOf(user: unknown): string {
  const stamp = valueOf(user, 'securityStamp');
  if (stamp === undefined || stamp === null) return 'absent';
  if (stamp instanceof Date) return stamp.getMilliseconds() ? 'a Date with milliseconds' : 'a Date of whole seconds';
  return typeof stamp === 'string' ? `a text of ${stamp.length} characters` : `a ${typeof stamp}`;
}

/**
 * Tells whether two objects are the same user with the same security stamp. A proof for one of them then counts for the
 * other as well.
 */
export function isSameProof(one: object, other: object, idAttribute: string | null): boolean {
  const of = (user: object): string => `${stampHashOf(user) ?? ''} ${userIdOf(user, idAttribute)}`;
  return sameText(of(one), of(other));
}

/** Returns a user id as text, for methods that take an id instead of a user. @throws LoginFault ERR_LOGIN_USER_ID */
export function userIdText(id: unknown): string {
  const text = idText(id);
  if (text !== undefined) return text;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `A user id was expected and ${id === null ? 'null' : `a value of type ${typeof id}`} came.`,
    'Pass the id that the user loader gets, not the user.',
  );
}

/** Returns the value of a user's property, or undefined if there is no user. */
export function property(user: unknown, name: string): unknown {
  return typeof user === 'object' && user !== null ? (user as Record<string, unknown>)[name] : undefined;
}

/** Returns the value of a property of the user, or the result of a method. */
function valueOf(user: unknown, name: string): unknown {
  const member = property(user, name);
  return typeof member === 'function' ? (member.call(user) as unknown) : member;
}

/** Describes a wrong value only by its type. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text of another form';
  if (value instanceof Promise) return 'a promise';
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : `of type ${typeof value}`;
}

/** The text that `Date.toJSON` makes. */
const ISO_TEXT = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function stampText(stamp: unknown): string | undefined {
  if (stamp instanceof Date) return Number.isNaN(stamp.getTime()) ? undefined : String(stamp.getTime());
  if (typeof stamp === 'number') return Number.isNaN(stamp) ? undefined : String(stamp);
  if (typeof stamp === 'bigint') return String(stamp);
  if (typeof stamp !== 'string') return undefined;
  const time = ISO_TEXT.test(stamp) ? Date.parse(stamp) : Number.NaN;
  return Number.isNaN(time) ? stamp : String(time);
}

const LONE_SURROGATE = /\p{Cs}/u;

function idText(id: unknown): string | undefined {
  // Texts with different lone surrogates have the same UTF-8, and would share a key in the store.
  if (typeof id === 'string') return id === '' || LONE_SURROGATE.test(id) ? undefined : id;
  if (typeof id === 'number') return Number.isFinite(id) ? String(id) : undefined;
  if (typeof id === 'bigint') return String(id);
  if (typeof id !== 'object' || id === null || Array.isArray(id) || id instanceof Promise) return undefined;
  // An ObjectId or a UUID object has its own `toString`. A plain object gives "[object Object]", which is the same for
  // every user.
  const text = typeof id.toString === 'function' ? printed(id) : '';
  return text === '' || text.startsWith('[object ') || LONE_SURROGATE.test(text) ? undefined : text;
}

function printed(id: object): string {
  try {
    // oxlint-disable-next-line typescript/no-base-to-string -- the caller refuses an object that does not print itself
    return String(id);
  } catch {
    return '';
  }
}
