/** The values of a session as the text that a store keeps. */
import { LoginFault } from '../exceptions/login-fault.js';

/** Values by key, as JSON can hold them. */
export type SessionValues = Readonly<Record<string, unknown>>;

/**
 * Returns the JSON text of session values.
 * @throws LoginFault ERR_LOGIN_SESSION_VALUE that names the key whose value JSON cannot hold
 */
export function toJson(values: SessionValues): string {
  try {
    return JSON.stringify(values);
  } catch (error) {
    throw unstorable(values, error);
  }
}

/** Returns the values of a stored text; undefined for a text that no session was saved as. */
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

/** Returns the fault that names the first value which cannot be read or stored. @param error why */
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
