/**
 * A server's clock that is read now and then: an answer that never comes, or too late, neither stops it nor puts it
 * wrong.
 */
import { StoreClock } from '../../lib/stores/store-clock.js';

describe("a store's clock", () => {
  it('asks anew where an answer never came', async () => {
    const answers = [new Promise<number>(() => undefined), Promise.resolve(5_000)];
    const clock = new StoreClock(() => answers.shift() ?? Promise.reject(new Error('asked too often')));
    const first = await Promise.allSettled([clock.now(), clock.now()]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await clock.now()).toBeGreaterThanOrEqual(5_000);
  });

  it('takes no time from an answer that came while this process was busy with something else for long', async () => {
    const clock = new StoreClock(async () => {
      const until = performance.now() + 1_100;
      while (performance.now() < until);
      return 5_000;
    });
    await expect(clock.now()).rejects.toThrow('too old');
  });
});
