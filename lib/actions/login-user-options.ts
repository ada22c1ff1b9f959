/** How a login is made: the options of loginUser(), and what is refused of them. */
import { milliseconds } from '../options/duration.js';
import type { Duration } from '../options/duration.js';
import { invalidOption } from '../options/option-reader.js';

/** How a login is made. */
export interface LoginUserOptions {
  /** The user has just proved who they are. Default: true. */
  readonly fresh?: boolean | undefined;
  /**
   * Keep the user logged in after the browser is closed, by a remember cookie. Say so only where they asked for it.
   * Default: false.
   */
  readonly remember?: boolean | undefined;
  /**
   * How long this login is remembered, in place of the option `remember.absolute`: milliseconds, or text such as
   * `'30d'`.
   */
  readonly duration?: Duration | undefined;
  /** Log an inactive user in as well; guards go on refusing them. Default: false. */
  readonly force?: boolean | undefined;
  /**
   * Accept a request that another site sent: the form_post answer of an identity provider. Check its `state` first.
   * Default: false.
   */
  readonly crossSite?: boolean | undefined;
}

/**
 * For how many milliseconds a login is remembered, null for not at all. Only true is a yes: a form's text "false"
 * would be one else.
 */
export function rememberedFor(remember: unknown, duration: Duration | undefined, usual: number): number | null {
  const wanted = milliseconds(duration, 'loginUser({ duration })', usual);
  if (remember === true) return wanted;
  if (remember === false) return null;
  throw invalidOption(
    'loginUser({ remember })',
    remember,
    "Write true or false; for a checkbox: remember: form.remember === 'on'.",
  );
}
