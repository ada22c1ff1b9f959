/** The parts that all sessions of one application share. */
import type { LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolve-login-options.js';
import type { AnonymousSessions } from './anonymous-sessions.js';
import type { OnceLogger } from './once-logger.js';
import type { SessionCookies } from './session-cookies.js';
import type { SessionEngine } from './session-engine.js';

/** The parts that the session of one request is made with. */
export interface SessionServices {
  readonly options: ResolvedLoginOptions;
  readonly logins: LoginRegistry;
  readonly anonymous: AnonymousSessions;
  readonly cookies: SessionCookies;
  readonly engine: SessionEngine;
  readonly log: OnceLogger;
}
