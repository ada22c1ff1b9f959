/**
 * Explores the model as a process of its own: `node build/test/model/run.js DECISIONS IN_FLIGHT LOST_OR_LATE`, answers
 * a Finding as JSON.
 */
import { decideSession, decideToken, sendToken } from '../../lib/remember-me/remember-decision.js';
import { hashOf } from '../../lib/logins/login-id.js';
import type { RememberPart } from '../../lib/logins/login-record.js';
import { keyOf, start, stepsOf } from './remember-model.js';
import type { Decisions } from './remember-model.js';
import { explore } from './search.js';

const GRACE = 60_000;

/** The next token takes the place of the former one as soon as it is sent, with or without a grace for that one. */
const atOnce =
  (grace: number): Decisions['sendToken'] =>
  (remember, verifier, now): RememberPart => ({
    ...remember,
    base: hashOf(verifier),
    candidates: [],
    previous: grace ? [{ hash: remember.base, graceEndsAt: now + grace }] : [],
  });

/** Lets in by every token that it knows the login of. */
const lenient: Decisions['decideToken'] = (record, verifier, at) => {
  const decision = decideToken(record, verifier, at);
  const remember = record?.remember;
  return decision.verdict === 'theft' && remember ? { verdict: 'grace', remember, isDue: false } : decision;
};

/** Never looks at an end. */
const endless: Decisions['decideToken'] = (record, verifier, { limits }) =>
  decideToken(record, verifier, { now: 0, limits });

/** Keeps a token that was sent later, whenever it was sent. */
const patient: Decisions['decideToken'] = (record, verifier, at) => {
  const decision = decideToken(record, verifier, at);
  const candidate = record?.remember?.candidates.find(({ hash }) => hash === hashOf(verifier));
  if (decision.verdict !== 'theft' || !record?.remember || !candidate) return decision;
  return { verdict: 'received', remember: { ...record.remember, base: candidate.hash, candidates: [] }, isDue: true };
};

const REAL: Decisions = { decideToken, decideSession, sendToken };

/**
 * The decisions of lib/; broken ones that others ship, and broken ones that show that the search sees every kind of
 * harm.
 */
const DECISIONS: Record<string, Decisions> = {
  real: REAL,
  'letting in what is over': { ...REAL, decideToken: lenient },
  'counting past the end': { ...REAL, decideToken: endless },
  'believing whoever takes turns': { ...REAL, decideToken: patient },
  'learning nothing from a session': { ...REAL, decideSession: () => null },
  'one-step rotation': { ...REAL, sendToken: atOnce(0) },
  'promotion without receipt': { ...REAL, sendToken: atOnce(GRACE) },
};

const [name = 'real', inFlight, lostOrLate] = process.argv.slice(2);
const decisions = DECISIONS[name] as Decisions;
const bounds = { inFlight: Number(inFlight), lostOrLate: Number(lostOrLate) };
process.stdout.write(JSON.stringify(explore(start(), (world) => stepsOf(world, decisions, bounds), keyOf)));
