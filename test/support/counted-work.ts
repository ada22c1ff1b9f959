/** Counts the work of the processor for a request: hashes, HMACs, address parses and timers of this package. */
import { jest } from '@jest/globals';

/** How often each was done. */
export interface Work {
  hmac: number;
  sha256: number;
  parses: number;
  timers: number;
}

/** Puts counters around the functions. Call it before the package is imported, and import the package afterwards. */
export async function countWork(): Promise<Work> {
  const work: Work = { hmac: 0, sha256: 0, parses: 0, timers: 0 };
  const crypto = await import('node:crypto');
  jest.unstable_mockModule('node:crypto', () => ({
    ...crypto,
    createHmac: (...args: Parameters<typeof crypto.createHmac>) => counted(work, 'hmac', crypto.createHmac(...args)),
    createHash: (...args: Parameters<typeof crypto.createHash>) => counted(work, 'sha256', crypto.createHash(...args)),
    hash: (...args: Parameters<typeof crypto.hash>) => counted(work, 'sha256', crypto.hash(...args)),
  }));

  const { default: ipaddr } = await import('ipaddr.js');
  const parsing = (name: 'isValid' | 'parse' | 'process') => (text: string) =>
    counted(work, 'parses', ipaddr[name](text));
  const counting = { isValid: parsing('isValid'), parse: parsing('parse'), process: parsing('process') };
  jest.unstable_mockModule('ipaddr.js', () => ({ default: { ...ipaddr, ...counting } }));

  countTimers(work);
  return work;
}

function countTimers(work: Work): void {
  const { setTimeout: startTimeout, setInterval: startInterval } = globalThis;
  globalThis.setTimeout = Object.assign(
    (...args: Parameters<typeof setTimeout>) => counted(work, 'timers', startTimeout(...args)),
    startTimeout,
  );
  globalThis.setInterval = ((...args: Parameters<typeof setInterval>) =>
    counted(work, 'timers', startInterval(...args))) as typeof setInterval;
}

function counted<Result>(work: Work, what: keyof Work, result: Result): Result {
  work[what] += 1;
  return result;
}
