/**
 * Searches every interleaving of a browser, a thief and lost or late answers for one that breaks a promise of
 * remember-me.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { count } from '../support/counts.js';
import { ROOT } from '../architecture/project.js';
import type { Finding } from './search.js';

const RUN = 'build/test/model/run.js';
/** A third request at once takes several minutes more. */
const IN_FLIGHT = count(3, 2);

/** In a process of its own: jest's way of running modules takes half as long again. */
function find(decisions: string, inFlight: number, lostOrLate: number): Promise<Finding> {
  if (!existsSync(join(ROOT, RUN)))
    throw new Error(`${RUN} is missing: build it first with \`npm run fixture:build\`.`);
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [RUN, decisions, String(inFlight), String(lostOrLate)],
      { cwd: ROOT },
      (error, output) => (error ? reject(error) : resolve(JSON.parse(output) as Finding)),
    );
  });
}

describe('a remember token, whatever is lost, late or stolen', () => {
  it('lets in whom it was given to and nobody it was not, accuses nobody alone, and shows every theft at the next use of the second holder', async () => {
    const { states, counterexample } = await find('real', IN_FLIGHT, 2);
    const outcome = counterexample?.join('\n  ') ?? 'no promise broken';
    process.stdout.write(
      `model: ${states} states with ${IN_FLIGHT} requests in flight and 2 lost or late, ${outcome}\n`,
    );
    expect(counterexample).toBeUndefined();
    expect(states).toBeGreaterThan(1_000_000);
  }, 1_800_000);

  it.each([
    ['one-step rotation', 'an alarm, although nobody has stolen anything'],
    ['promotion without receipt', 'an alarm, although nobody has stolen anything'],
    ['letting in what is over', 'a token that two must hold counts as grace: the theft goes unseen'],
    ['believing whoever takes turns', 'a token that two must hold counts as received: the theft goes unseen'],
    ['learning nothing from a session', 'a token that two must hold counts as counts: the theft goes unseen'],
    ['counting past the end', 'it counts as counts'],
  ])(
    'would not keep these promises by %s: the search finds the shortest way',
    async (decisions, promise) => {
      const { counterexample = [] } = await find(decisions, 2, 2);
      process.stdout.write(
        `model: ${decisions} breaks in ${counterexample.length - 1} steps\n  ${counterexample.join('\n  ')}\n`,
      );
      expect(counterexample.at(-1)).toBe(`broken: ${promise}`);
    },
    60_000,
  );
});
