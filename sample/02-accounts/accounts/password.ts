/** Passwords, kept as Argon2id hashes (parameters of the OWASP password storage cheat sheet). */
import { hash, verify } from '@node-rs/argon2';

const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The longest password that is looked at, in characters: a longer one costs no hash. */
export const LONGEST_PASSWORD = 256;

/** Stands in for the hash of who is not there, so that they take as long. */
const nobody = hash('the password of nobody', PARAMETERS);

export const hashPassword = (password: string): Promise<string> => hash(password, PARAMETERS);

/** Whether this is the password of that hash. Without a hash false, after the same work. */
export async function isPassword(passwordHash: string | null, password: string): Promise<boolean> {
  const isRight = await verify(passwordHash ?? (await nobody), password);
  return isRight && passwordHash !== null;
}
