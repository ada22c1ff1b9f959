/**
 * Honest users on a network that loses every tenth answer: this package accuses none of them, a one-step rotation most.
 */
import { jest } from '@jest/globals';
import { hashOf } from '../../lib/logins/login-id.js';
import type { RememberPart } from '../../lib/logins/login-record.js';
import { count } from '../support/counts.js';
import { honestUsers } from './honest-users.js';
import type { Report } from './honest-users.js';

const HABITS = { users: count(3_000, 300), visits: 12, lostPercent: 10, seed: 1 };

/** The users in a whole application. Imported anew, so that modules may have been put in the place of others. */
async function run(rule: string, visits: number): Promise<Report> {
  const { startTestApp } = await import('../support/test-app.js');
  const report = await honestUsers(startTestApp, { ...HABITS, visits });
  const { requests, accused, loggedOut } = report;
  const outcome = `${accused} of ${HABITS.users} users accused, ${loggedOut} of ${HABITS.users * visits} visits logged out`;
  process.stdout.write(`honest users, ${rule}: ${requests} requests, ${outcome}\n`);
  return report;
}

describe('honest users in 12 visits each, with parallel tabs and every tenth answer lost', () => {
  it('E4: none is accused and none is logged out', async () => {
    const report = await run('rotation confirmed by use', HABITS.visits);
    expect(report).toMatchObject({ accused: 0, loggedOut: 0 });
    expect(report.requests).toBeGreaterThan(HABITS.users * HABITS.visits);
  }, 300_000);

  it('E4: the same users, where the next token takes the place of the former one at once: more than two of three are accused', async () => {
    jest.resetModules();
    const real = await import('../../lib/remember-me/remember-decision.js');
    jest.unstable_mockModule('../../lib/remember-me/remember-decision.js', () => ({
      ...real,
      sendToken: (remember: RememberPart, verifier: string, now: number): RememberPart => {
        const hash = hashOf(verifier);
        return { ...remember, base: hash, candidates: [{ hash, sentAt: now }], previous: [] };
      },
    }));
    // Two of the twelve visits are enough.
    const report = await run('one-step rotation', 2);
    expect(report.accused).toBeGreaterThan((HABITS.users * 2) / 3);
  }, 300_000);
});
