/** Resolves the options of the developer: completes them, and checks those that depend on each other. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { NamedCookie } from '../http/cookies.js';
import type { LoginStorage } from '../logins/login-storage.js';
import { readOptions } from './option-group.js';
import type { ValuesOf } from './option-group.js';
import { OPTIONS } from './option-tables.js';
import { resolveCookies } from './resolve-cookies.js';
import { resolveStorage } from './resolve-storage.js';
import { requireOrigin } from './view-option.js';

/** The options as the tables read them. */
type ReadOptions = ValuesOf<typeof OPTIONS>;

/** A page that a browser is redirected to, and the message for it. Null stands for none. */
export interface View {
  readonly url: string | null;
  readonly message: string | null;
  readonly category: string;
}

/** The options that depend on each other. All others are final as the tables read them. */
type DependentName =
  | 'secret'
  | 'origin'
  | 'storage'
  | 'remember'
  | 'session'
  | 'loginView'
  | 'loginMessage'
  | 'loginMessageCategory'
  | 'refreshView'
  | 'needsRefreshMessage'
  | 'needsRefreshMessageCategory';

/** The options as the rest of the package reads them: complete, checked and frozen. Durations are milliseconds. */
export interface ResolvedLoginOptions extends Omit<ReadOptions, DependentName> {
  readonly secrets: readonly string[];
  readonly origin: string | null;
  /** The origins of further front ends. */
  readonly frontEnds: readonly string[];
  readonly storage: LoginStorage;
  readonly loginView: View;
  readonly refreshView: View;
  readonly remember: ReadOptions['remember'] & { readonly cookie: NamedCookie };
  readonly session: ResolvedSessionOptions;
  readonly noticeCookie: NamedCookie;
}

/** The options of the session and its two cookies. */
interface ResolvedSessionOptions extends Pick<ReadOptions['session'], 'load' | 'keepOnLogin'> {
  readonly cookie: NamedCookie & { readonly persistent: boolean };
  readonly anonymousCookie: NamedCookie;
}

/**
 * Reads and checks all options.
 * @param given the options as the developer wrote them
 * @param memoryStorage makes the storage if the developer names none
 * @throws LoginFault for the first mistake. Its message names the option and the remedy
 */
export function resolveLoginOptions(given: unknown, memoryStorage: () => LoginStorage): ResolvedLoginOptions {
  const read = readOptions(given, OPTIONS);
  refuseOpenProduction(read);
  const { secret, origin, storage, remember, session, ...views } = read;
  const { loginView, loginMessage, loginMessageCategory, ...otherViews } = views;
  const { refreshView, needsRefreshMessage, needsRefreshMessageCategory, ...final } = otherViews;

  requireOrigin(loginView, 'The option "loginView"', origin.own);
  requireOrigin(refreshView, 'The option "refreshView"', origin.own);
  const cookies = resolveCookies(read);

  return Object.freeze({
    ...final,
    secrets: secret,
    origin: origin.own,
    frontEnds: origin.frontEnds,
    storage: resolveStorage(storage, { production: read.production, memoryStorage }),
    loginView: Object.freeze({ url: loginView, message: loginMessage, category: loginMessageCategory }),
    refreshView: Object.freeze({
      url: refreshView,
      message: needsRefreshMessage,
      category: needsRefreshMessageCategory,
    }),
    remember: Object.freeze({ ...remember, cookie: cookies.remember }),
    session: Object.freeze({
      load: session.load,
      keepOnLogin: session.keepOnLogin,
      cookie: Object.freeze({ ...cookies.session, persistent: session.cookie.persistent }),
      anonymousCookie: cookies.anonymous,
    }),
    noticeCookie: cookies.notice,
  });
}

/** Refuses `loginDisabled` in production. @throws LoginFault ERR_LOGIN_DISABLED_IN_PRODUCTION */
function refuseOpenProduction({ production, loginDisabled }: ReadOptions): void {
  if (!production || !loginDisabled) return;
  throw new LoginFault(
    'ERR_LOGIN_DISABLED_IN_PRODUCTION',
    'The option "loginDisabled" opens every guarded route.',
    'Take it out; it is for tests.',
  );
}
