/** The options as the rest of the package reads them: complete, checked and frozen. */
import type { NamedCookie } from '../http/cookies.js';
import type { LoginRequest } from '../http/login-request.js';
import type { LoginStorage } from '../logins/login-storage.js';
import type { LoadMode } from './login-options.js';

/** A page that a browser is redirected to, with the message for it. Null stands for none. */
export interface View {
  readonly url: string | null;
  readonly message: string | null;
  readonly category: string;
}

/** The options after `resolveLoginOptions`. Durations are milliseconds. */
export interface ResolvedLoginOptions {
  readonly secrets: readonly string[];
  readonly origin: string | null;
  /** the origins of further front ends */
  readonly frontEnds: readonly string[];
  /** the path that a proxy takes off, such as `/shop`; '' for none */
  readonly pathPrefix: string;
  readonly production: boolean;
  readonly storage: LoginStorage;
  readonly storeTimeout: number;
  readonly loginView: View;
  readonly refreshView: View;
  readonly localize: (message: string, request: LoginRequest) => string;
  readonly nextIn: 'url' | 'cookie';
  readonly forceHostForRedirects: string | null;
  readonly sessionProtection: 'basic' | 'strong' | false;
  readonly idAttribute: string | null;
  readonly anonymousUser: () => unknown;
  readonly exemptMethods: readonly string[];
  readonly loginDisabled: boolean;
  readonly idle: number;
  readonly absolute: number;
  readonly maxLogins: number;
  readonly whenFull: 'evict-oldest' | 'refuse';
  readonly loaderLag: number;
  readonly notBefore: number;
  readonly rememberIdle: number;
  readonly rememberAbsolute: number;
  readonly grace: number;
  readonly refreshEachRequest: boolean;
  readonly rememberCookie: NamedCookie;
  readonly sessionCookie: NamedCookie & { readonly persistent: boolean };
  readonly anonymousCookie: NamedCookie;
  readonly noticeCookie: NamedCookie;
  readonly sessionLoad: LoadMode | ((request: LoginRequest) => LoadMode);
  readonly keepOnLogin: readonly string[];
  readonly userKeySalt: string;
}
