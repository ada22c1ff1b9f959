/** Ends a login that nobody holds, once its store can be reached again. */
import { setTimeout } from 'node:timers/promises';

/** Seconds between tries to end a login whose writing was given up: a store that is away has time to come back, and a late write to land. */
const WAITS = [1, 2, 4, 8, 15, 30];

/** The write may have arrived, and only its answer was lost: a login that nobody holds would take somebody's place until its end. */
export async function endLater(end: () => Promise<boolean>): Promise<void> {
  for (const seconds of WAITS) {
    await setTimeout(seconds * 1000, undefined, { ref: false });
    if (await end().catch(() => false)) return;
  }
}
