/** The application's own values of a session: everything in it but the cookie. */

/** Values by key, as JSON can hold them. */
export type SessionValues = Readonly<Record<string, unknown>>;

/** The values of a session object of express-session. */
export function valuesOf(session: object): SessionValues {
  return Object.fromEntries(Object.entries(session).filter(([key]) => key !== 'cookie'));
}

/** Puts values into a session object; keys that would reach a prototype are left out, as express-session does. */
export function putValues(session: object, values: SessionValues): void {
  for (const [key, value] of Object.entries(values))
    if (!(key in session)) (session as Record<string, unknown>)[key] = value;
}
