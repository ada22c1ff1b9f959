/** Deletes a login that no browser holds, once its store can be reached again. */
import { setTimeout } from 'node:timers/promises';

/** The seconds between two attempts. A failed store has time to recover, and a late write has time to arrive. */
const WAITS = [1, 2, 4, 8, 15, 30];

/** Tries again until the login is deleted. Otherwise a login that no browser holds would count until it expires. */
export async function retryDelete(deleteLogin: () => Promise<boolean>): Promise<void> {
  for (const seconds of WAITS) {
    await setTimeout(seconds * 1000, undefined, { ref: false });
    if (await deleteLogin().catch(() => false)) return;
  }
}
