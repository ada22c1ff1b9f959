/** What a browser holds at the moment of a login or logout. */
import type { LoginContext } from '../context/login-context.js';
import type { SessionLogin } from '../logins/login-snapshot.js';
import type { TokenOutcome } from '../remember-me/token-outcome.js';
import type { ActionServices } from './action-services.js';

/**
 * Returns the living login of this browser, which the new one takes the place of; null where there is none.
 * @throws LoginUnavailableException
 */
export async function findCurrentLogin({ session }: LoginContext): Promise<SessionLogin | null> {
  const found = await session.find();
  return found.verdict === 'alive' ? found.login : null;
}

/**
 * Returns what the remember cookie of the request is worth. A replayed token counts as theft during login and logout as
 * well: it is reported before anything else changes.
 */
export async function findPresentedToken(
  context: LoginContext,
  { remembered }: ActionServices,
): Promise<TokenOutcome | null> {
  const outcome = await remembered.findPresented(context);
  if (!outcome?.snapshot || outcome.verdict !== 'theft') return outcome;

  const living = await findCurrentLogin(context);
  await remembered.revokeStolen(context, outcome.snapshot);
  if (living?.record.id === outcome.snapshot.record.id) context.dropLogin(living);
  return outcome;
}
