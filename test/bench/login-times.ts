/**
 * Compares how long the accounts sample takes to refuse a login, by the reason: `npm run bench:times`, or
 * `npm run bench:times -- 200` for fewer. Ends with 1 where the times could tell the reasons apart (security row H2).
 *
 * Over HTTP, one after the other, the reasons in a new random order each round, so that whatever else the machine does
 * falls on all of them alike. Only the count of tries is taken out: it would refuse all but the first ten.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomInt } from 'node:crypto';
import { Test } from '@nestjs/testing';
import type { Account } from '../../sample/02-accounts/accounts/account.js';
import { AccountsService } from '../../sample/02-accounts/accounts/accounts.service.js';
import { AppModule } from '../../sample/02-accounts/app.module.js';
import { newSecret } from '../../sample/02-accounts/accounts/second-factor.js';
import { LoginThrottle } from '../../sample/02-accounts/login/login-throttle.js';
import { codeOf, DEMO_PASSWORD as PASSWORD } from '../support/accounts-visitor.js';
import { Browser } from '../support/browser-client.js';

const ROUNDS = Number(process.argv[2] ?? 1_000);
const UNCOUNTED = 50;
/** The medians may lie so far apart. */
const MOST_APART = 0.05;
/**
 * The least probability of such a difference by chance (Kolmogorov-Smirnov), for all pairs together. The limit for each
 * pair is smaller by the number of pairs.
 */
const LEAST_P = 0.01;

const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-times-'));
Object.assign(process.env, {
  DATA: folder,
  LOGIN_SECRET: randomBytes(32).toString('base64url'),
  NODE_ENV: 'development',
});
const module = await Test.createTestingModule({ imports: [AppModule] })
  .overrideProvider(LoginThrottle)
  .useValue({ count: () => Promise.resolve(), forget: () => Promise.resolve() })
  .compile();
const app = module.createNestApplication();
await app.listen(0, '127.0.0.1');
const accounts = app.get(AccountsService);

const account = async (email: string): Promise<Account> => {
  const made = await accounts.register(email, PASSWORD);
  if (!made) throw new Error('The account is there already.');
  return made;
};
await account('known1@example.com');
await accounts.setDisabled((await account('gone12@example.com')).id, true);
const secret = newSecret();
if (!(await accounts.switchSecondFactorOn(await account('with12@example.com'), secret, codeOf(secret))))
  throw new Error('No code.');

// Addresses of one length: the requests are of one size, too.
const REASONS = [
  { reason: 'unknown address', email: 'nobody@example.com', password: PASSWORD },
  { reason: 'wrong password', email: 'known1@example.com', password: 'the wrong horse' },
  { reason: 'disabled, right password', email: 'gone12@example.com', password: PASSWORD },
  { reason: 'second factor, wrong password', email: 'with12@example.com', password: 'the wrong horse' },
];
const times = REASONS.map((): number[] => []);
const address = (await app.getUrl()).replace('[::1]', 'localhost');

for (let round = -UNCOUNTED; round < ROUNDS; round += 1) {
  const order = REASONS.map((_, at) => ({ at, by: randomInt(1_000_000) })).toSorted((one, two) => one.by - two.by);
  for (const { at } of order) {
    const { email, password } = REASONS[at] as (typeof REASONS)[number];
    const begin = performance.now();
    const { status } = await new Browser(address).post('/api/login', { body: { email, password } });
    const took = performance.now() - begin;
    if (status !== 401) throw new Error(`A login was answered ${status}.`);
    if (round >= 0) times[at]?.push(took);
  }
}
await app.close();
rmSync(folder, { recursive: true, force: true });

const sorted = times.map((list) => list.toSorted((one, two) => one - two));
const median = (list: readonly number[]): number => list[Math.floor(list.length / 2)] as number;

/** The p value of the two-sample Kolmogorov-Smirnov test, by its limit for many samples. */
function sameDistribution(one: readonly number[], two: readonly number[]): number {
  let most = 0;
  for (const edge of [...one, ...two]) {
    const below = [one, two].map((list) => list.filter((time) => time <= edge).length / list.length);
    most = Math.max(most, Math.abs((below[0] as number) - (below[1] as number)));
  }
  const root = Math.sqrt((one.length * two.length) / (one.length + two.length));
  const x = (root + 0.12 + 0.11 / root) * most;
  if (x < 0.2) return 1;
  let sum = 0;
  for (let term = 1; term <= 100; term += 1) sum += 2 * (-1) ** (term - 1) * Math.exp(-2 * term ** 2 * x ** 2);
  return Math.min(1, Math.max(0, sum));
}

const PAIRS = (REASONS.length * (REASONS.length - 1)) / 2;
const faults: string[] = [];
console.log(`Milliseconds until a login is refused, ${ROUNDS} of each reason`);
for (const [at, { reason }] of REASONS.entries()) console.log(reason.padEnd(36), median(sorted[at] ?? []).toFixed(2));
for (const [at, one] of REASONS.entries())
  for (const [beside, two] of REASONS.entries())
    if (at < beside) {
      const lists = [sorted[at] ?? [], sorted[beside] ?? []] as const;
      const apart = Math.abs(median(lists[0]) / median(lists[1]) - 1);
      const p = sameDistribution(...lists);
      const pair = `${one.reason} and ${two.reason}`;
      console.log(`${pair}: medians ${(apart * 100).toFixed(2)} % apart, p = ${p.toFixed(3)}`);
      if (apart > MOST_APART || p < LEAST_P / PAIRS) faults.push(`${pair} can be told apart.`);
    }
for (const fault of faults) console.log(fault);
process.exit(faults.length ? 1 : 0);
