/** Passwords, kept as Argon2id hashes (parameters of the OWASP password storage cheat sheet). */
import { ServiceUnavailableException } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';

const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The longest password that is looked at, in characters: a longer one costs no hash. */
export const LONGEST_PASSWORD = 256;

/**
 * The number of hashes at once. Node also reads files with these four threads, so more hashes would delay every
 * request.
 */
const AT_ONCE = 2;
/** More than these would wait for seconds. */
const MOST_WAITING = 100;

let running = 0;
const waiting: (() => void)[] = [];

/** Replaces the hash of an account that does not exist, so that the response takes as long. */
const nobody = hash('the password of nobody', PARAMETERS);

/** @throws ServiceUnavailableException where too many wait already */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password, PARAMETERS));

/**
 * Whether this is the password of that hash. Without a hash false, after the same work.
 * @throws ServiceUnavailableException where too many wait already
 */
export async function isPassword(passwordHash: string | null, password: string): Promise<boolean> {
  const known = passwordHash ?? (await nobody);
  const isRight = await inTurn(() => verify(known, password));
  return isRight && passwordHash !== null;
}

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MOST_WAITING) throw new ServiceUnavailableException();
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    return await work();
  } finally {
    // The request that has waited longest gets the place.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}
