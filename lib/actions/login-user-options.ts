/** The options of loginUser(), and the checks of their values. */
import { milliseconds } from '../options/duration.js';
import type { Duration } from '../options/duration.js';
import { invalidOption } from '../options/option-rules.js';

/** The options of loginUser(). */
export interface LoginUserOptions {
  /** The user has just authenticated. Default: true. */
  readonly fresh?: boolean | undefined;
  /**
   * Keep the user logged in with a remember cookie after the browser is closed. Set it only if the user asked for it.
   * Default: false.
   */
  readonly remember?: boolean | undefined;
  /**
   * The time for which this login is remembered, instead of the option `remember.absolute`. It is a number of
   * milliseconds, or text such as `'30d'`.
   */
  readonly duration?: Duration | undefined;
  /** Log an inactive user in as well. Guards still refuse this user. Default: false. */
  readonly force?: boolean | undefined;
  /**
   * Accept a request from another site, such as the form_post response of an identity provider. Check its `state`
   * first. Default: false.
   */
  readonly crossSite?: boolean | undefined;
}

/** The options of loginUser() with their defaults. */
interface ReadLoginUserOptions {
  readonly fresh: boolean;
  readonly force: boolean;
  readonly crossSite: boolean;
  /** milliseconds; null if the login is not remembered */
  readonly rememberFor: number | null;
}

/**
 * Reads the options of loginUser(). Flags have to be true or false, because the text "false" of a form would otherwise
 * count as true.
 * @param usual the milliseconds for which a login is remembered if `duration` is missing
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
