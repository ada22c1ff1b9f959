/** Deletes a login that no browser holds, once its store can be reached again. */
import { setTimeout } from 'node:timers/promises';

/** Seconds between two tries: a store that is away has time to come back, and a late write has time to land. */
const WAITS = [1, 2, 4, 8, 15, 30];

/** Tries again until the login is deleted. A login that no browser holds would take a place until its end. */
export async function retryDelete(deleteLogin: () => Promise<boolean>): Promise<void> {
  for (const seconds of WAITS) {
    await setTimeout(seconds * 1000, undefined, { ref: false });
    if (await deleteLogin().catch(() => false)) return;
  }
}
