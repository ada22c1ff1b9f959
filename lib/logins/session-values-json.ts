/** The session values as JSON text. */
import { LoginFault } from '../exceptions/login-fault.js';

/** Session values by their keys. */
export type SessionValues = Readonly<Record<string, unknown>>;

/**
 * Returns the JSON text of session values.
 * @throws LoginFault ERR_LOGIN_SESSION_VALUE with the key of a value that JSON cannot hold
 */
export function toJson(values: SessionValues): string {
  try {
    return JSON.stringify(values);
  } catch (error) {
    throw unstorable(values, error);
  }
}

/** Returns the values of a stored text, or undefined for an invalid text. */
export function fromJson(text: string): SessionValues | undefined {
  try {
    const values = JSON.parse(text) as unknown;
    return typeof values === 'object' && values !== null && !Array.isArray(values)
      ? (values as SessionValues)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the fault that names the first value that cannot be read or stored. @param error the cause */
export function unstorable(values: SessionValues, error: unknown): LoginFault {
  const key = Object.keys(values).find((name) => !isSerializable(values, name)) ?? '';
  const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return new LoginFault(
    'ERR_LOGIN_SESSION_VALUE',
    `The session value ${JSON.stringify(key)} cannot be stored: ${reason}.`,
    'Put only into req.session what JSON can hold: text, numbers, booleans, null, lists and plain objects.',
  );
}

function isSerializable(values: SessionValues, key: string): boolean {
  try {
    JSON.stringify(values[key]);
    return true;
  } catch {
    return false;
  }
}
