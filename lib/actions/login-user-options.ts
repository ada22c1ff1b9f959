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

/** The options of loginUser(), complete. */
interface ReadLoginUserOptions {
  readonly fresh: boolean;
  readonly force: boolean;
  readonly crossSite: boolean;
  /** milliseconds; null: not remembered */
  readonly rememberFor: number | null;
}

/**
 * Reads the options of loginUser(). Only true and false count, because a form's text "false" would mean yes otherwise.
 * @param usual for how many milliseconds a login is remembered where `duration` is missing
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION, ERR_LOGIN_INVALID_DURATION
 */
export function readLoginUserOptions(given: LoginUserOptions, usual: number): ReadLoginUserOptions {
  const wanted = milliseconds(given.duration, 'loginUser({ duration })', usual);
  const isRemembered = flag(given, 'remember', { fallback: false });
  return {
    fresh: flag(given, 'fresh', { fallback: true }),
    force: flag(given, 'force', { fallback: false }),
    crossSite: flag(given, 'crossSite', { fallback: false }),
    rememberFor: isRemembered ? wanted : null,
  };
}

function flag(
  given: LoginUserOptions,
  name: 'fresh' | 'force' | 'crossSite' | 'remember',
  { fallback }: { readonly fallback: boolean },
): boolean {
  const value: unknown = given[name] === undefined ? fallback : given[name];
  if (typeof value === 'boolean') return value;
  throw invalidOption(
    `loginUser({ ${name} })`,
    value,
    `Write true or false. The box of a form sends a text: ${name}: form.${name} === 'on'.`,
  );
}
