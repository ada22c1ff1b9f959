/**
 * How often a fault is tried: by \`npm test\` often enough to see a fault that is there, by \`npm run faults\` as often
 * as it is promised.
 */

/** The full count under FAULTS=full, else the short one. */
export const count = (full: number, short: number): number => (process.env.FAULTS === 'full' ? full : short);

/** Runs `work` for 0 to count-1, so many side by side. */
export async function times(count: number, sideBySide: number, work: (round: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(sideBySide, count) }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
