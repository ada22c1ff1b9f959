/** Finds the logins that the cookies of a browser name, for a login or a logout. */
import type { LoginContext } from '../context/login-context.js';
import type { SessionLogin } from '../logins/login-snapshot.js';
import type { TokenOutcome } from '../remember-me/token-outcome.js';
import type { ActionServices } from './action-services.js';

/**
 * Returns the login that the session cookie of this browser uses, or null if there is none. A new login replaces it.
 * @throws LoginUnavailableException
 */
export async function findCurrentLogin({ session }: LoginContext): Promise<SessionLogin | null> {
  const found = await session.find();
  return found.verdict === 'alive' ? found.login : null;
}

/**
 * Returns the verdict about the remember cookie of the request. A replayed token counts as theft during login and
 * logout as well. This function reports the theft before anything else changes.
 */
export async function findPresentedToken(
  context: LoginContext,
  { remembered }: ActionServices,
): Promise<TokenOutcome | null> {
  const outcome = await remembered.findPresented(context);
  if (!outcome?.snapshot || outcome.verdict !== 'theft') return outcome;

  const living = await findCurrentLogin(context);
  await remembered.revokeStolen(context, outcome.snapshot);
  if (living?.record.id === outcome.snapshot.record.id) context.detachLogin(living);
  return outcome;
}
