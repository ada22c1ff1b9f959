/** Finds a port of 127.0.0.1 that nobody uses, and that the system hands to nobody until it is used. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** The port is below the range of the system, or another test could get it in the meantime. */
const [FIRST, LAST] = [10_000, 22_000];

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(FIRST, LAST);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
  throw new Error(`No port between ${FIRST} and ${LAST} is free.`);
}
