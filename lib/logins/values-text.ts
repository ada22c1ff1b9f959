/** The values of a login's session as the text that a store keeps. */

/** Session values as a store keeps them; null: there are none. */
export function jsonOf(values: object): string | null {
  return Object.keys(values).length ? JSON.stringify(values) : null;
}

/** False for what no session was saved as: the application would run on without what it knows of the user. */
export function areValues(text: string | null): boolean {
  try {
    const values = text === null ? {} : (JSON.parse(text) as unknown);
    return typeof values === 'object' && values !== null && !Array.isArray(values);
  } catch {
    return false;
  }
}
