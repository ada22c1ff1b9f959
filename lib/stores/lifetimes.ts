/** Lifetimes that no login record states, and the limits of a sweep. All stores share them. */

/** Milliseconds that the session of an anonymous visitor lives after its last use. */
export const SESSION_LIFETIME = 86_400_000;

/** Milliseconds that the note of a theft lives: 90 days. */
export const NOTE_LIFETIME = 90 * 86_400_000;

/** Milliseconds between two sweeps. */
export const SWEEP_INTERVAL = 60_000;

/** The most rows that one sweep deletes, so that it never holds the database for long. */
export const MAX_SWEPT = 1000;
