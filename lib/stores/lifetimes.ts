/** How long every store keeps what no login record says the end of, and how it looks for what has ended. */

/** Milliseconds that the session of a visitor lives after its last use: who comes back later begins anew. */
export const SESSION_LIFETIME = 86_400_000;

/** Milliseconds that a theft is noted for: 90 days. */
export const NOTE_LIFETIME = 90 * 86_400_000;

/** Milliseconds between two sweeps. */
export const SWEEP_INTERVAL = 60_000;

/** Rows that one sweep takes at the most, so that it never holds the database for long. */
export const MOST_SWEPT = 1000;
