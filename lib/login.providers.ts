/** The providers of LoginModule, from the bottom up. Classes below the module know no tokens. */
import type { InjectionToken, Provider } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, HttpAdapterHost, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { LoginActions } from './actions/login-actions.js';
import { AreaViews } from './challenge/area-views.js';
import { LoginChallenge } from './challenge/login-challenge.js';
import { LoginApplication } from './context/login-application.js';
import { LoginContexts } from './context/login-contexts.js';
import { LoginEventStream } from './events/login-event-stream.js';
import { openExchange, RequestEntry } from './express/request-entry.js';
import { makeSessionEngine } from './express/session-engine.js';
import { LoginExceptionFilter } from './filters/login-exception.filter.js';
import { GuardSettings, LoginRequiredGuard } from './guards/login-required.guard.js';
import { SessionGuard } from './guards/session.guard.js';
import { LoginManagerService } from './login-manager.service.js';
import { LoginRegistry } from './logins/login-registry.js';
import { LoginStore } from './logins/login-store.js';
import { StoreCalls } from './logins/store-calls.js';
import { UserLogins } from './logins/user-logins.js';
import { resolveLoginOptions } from './options/resolve-login-options.js';
import type { ResolvedLoginOptions } from './options/resolve-login-options.js';
import { AnonymousSessions } from './session/anonymous-sessions.js';
import { OnceLogger } from './session/once-logger.js';
import { SessionCookies } from './session/session-cookies.js';
import type { SessionServices } from './session/session-services.js';
import { memoryStorage } from './stores/memory/memory-storage.js';
import { LoginHandlers } from './user/login-handlers.js';
import { RememberedLogins } from './user/remembered-logins.js';
import type { ResolverServices } from './user/resolver-services.js';
import { StampKinds } from './user/stamp-kinds.js';
import { UserResolver } from './user/user-resolver.js';

/** A token that knows the type behind it. */
interface Token<Dependency> {
  readonly token: symbol;
  /** Never set. Lets the compiler tell tokens apart. */
  readonly type?: Dependency;
}

/** A class or token that names a dependency. */
type TokenOf<Dependency> = (abstract new (...dependencies: never[]) => Dependency) | Token<Dependency>;

/** The parts that LoginModule needs. Only a module from forRoot or forRootAsync has them. */
export interface LoginModuleParts {
  readonly options: ResolvedLoginOptions;
  readonly extras: { readonly guard: unknown };
  /** The storages that the module has made itself, and closes. */
  readonly ownStorages: { close(): void }[];
  readonly entry: RequestEntry;
  readonly guard: LoginRequiredGuard;
  readonly sessionGuard: SessionGuard;
  readonly filter: LoginExceptionFilter;
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly adapterHost: HttpAdapterHost;
  readonly discovery: DiscoveryService;
  readonly scanner: MetadataScanner;
}

export const PARTS: Token<LoginModuleParts> = { token: Symbol('nestjs-login parts') };
export const GIVEN_OPTIONS: Token<unknown> = { token: Symbol('nestjs-login options as given') };
export const EXTRAS: Token<LoginModuleParts['extras']> = { token: Symbol('nestjs-login extras') };
const OPTIONS: Token<ResolvedLoginOptions> = { token: Symbol('nestjs-login options') };
const OWN_STORAGES: Token<LoginModuleParts['ownStorages']> = { token: Symbol('nestjs-login own storages') };
const SESSIONS: Token<SessionServices> = { token: Symbol('nestjs-login sessions') };
const SERVICES: Token<ResolverServices> = { token: Symbol('nestjs-login services') };

/** Returns the providers of one module. */
export function providers(): Provider[] {
  return [...stores(), ...requests(), ...surface()];
}

/** Returns the providers of the options and the stores. */
function stores(): Provider[] {
  const limited = { store: LoginStore, calls: StoreCalls, limits: OPTIONS };
  return [
    provide(OWN_STORAGES, {}, () => []),
    provide(OPTIONS, { given: GIVEN_OPTIONS, ownStorages: OWN_STORAGES }, resolveOptions),
    provide(GuardSettings, { options: OPTIONS }, ({ options }) => options),
    provide(LoginStore, { options: OPTIONS }, ({ options }) => options.storage.logins),
    provide(StoreCalls, { options: OPTIONS }, ({ options }) => new StoreCalls(options.storeTimeout)),
    provide(LoginRegistry, limited, ({ store, calls, limits }) => new LoginRegistry(store, calls, limits)),
    provide(UserLogins, limited, ({ store, calls, limits }) => new UserLogins(store, calls, limits)),
  ];
}

/** Returns the providers that serve a request. */
function requests(): Provider[] {
  return [
    LoginEventStream,
    LoginHandlers,
    provide(OnceLogger, {}, () => new OnceLogger()),
    provide(SESSIONS, { options: OPTIONS, logins: LoginRegistry, calls: StoreCalls, log: OnceLogger }, makeSessions),
    provide(
      SERVICES,
      { options: OPTIONS, logins: LoginRegistry, handlers: LoginHandlers, events: LoginEventStream, log: OnceLogger },
      (services) => ({ ...services, stampKinds: new StampKinds() }),
    ),
    provide(RememberedLogins, { services: SERVICES }, ({ services }) => new RememberedLogins(services)),
    provide(
      UserResolver,
      { services: SERVICES, remembered: RememberedLogins },
      ({ services, remembered }) => new UserResolver(services, remembered),
    ),
    provide(LoginContexts, { sessions: SESSIONS, resolver: UserResolver }, makeContexts),
  ];
}

/** Returns the providers that Nest and the application see. */
function surface(): Provider[] {
  return [
    provide(
      AreaViews,
      { options: OPTIONS, discovery: DiscoveryService, scanner: MetadataScanner },
      ({ options, discovery, scanner }) => new AreaViews(options, discovery, scanner),
    ),
    provide(
      LoginChallenge,
      { options: OPTIONS, areas: AreaViews, log: OnceLogger },
      ({ options, areas, log }) => new LoginChallenge(options, areas, log),
    ),
    provide(
      LoginActions,
      { services: SERVICES, userLogins: UserLogins, remembered: RememberedLogins },
      ({ services, ...others }) => new LoginActions({ ...services, ...others }),
    ),
    provide(
      LoginManagerService,
      { contexts: LoginContexts, actions: LoginActions, challenge: LoginChallenge, events: LoginEventStream },
      ({ contexts, actions, challenge, events }) => new LoginManagerService(contexts, actions, challenge, events),
    ),
    LoginRequiredGuard,
    SessionGuard,
    LoginExceptionFilter,
    provide(
      RequestEntry,
      { contexts: LoginContexts, options: OPTIONS },
      ({ contexts, options }) => new RequestEntry(contexts, options.session.load),
    ),
    provide(PARTS, MODULE_PARTS, (parts) => parts),
  ];
}

const MODULE_PARTS = {
  options: OPTIONS,
  extras: EXTRAS,
  ownStorages: OWN_STORAGES,
  entry: RequestEntry,
  guard: LoginRequiredGuard,
  sessionGuard: SessionGuard,
  filter: LoginExceptionFilter,
  modules: ModulesContainer,
  application: ApplicationConfig,
  adapterHost: HttpAdapterHost,
  discovery: DiscoveryService,
  scanner: MetadataScanner,
};

function resolveOptions({ given, ownStorages }: { given: unknown; ownStorages: { close(): void }[] }) {
  return resolveLoginOptions(given, () => {
    const storage = memoryStorage();
    ownStorages.push(storage);
    return storage;
  });
}

function makeSessions(parts: {
  options: ResolvedLoginOptions;
  logins: LoginRegistry;
  calls: StoreCalls;
  log: OnceLogger;
}): SessionServices {
  const { options, logins, calls, log } = parts;
  const anonymous = new AnonymousSessions(options.storage.sessions, calls);
  const engine = makeSessionEngine(logins, anonymous, options.session.cookie.attributes);
  return { options, logins, anonymous, engine, cookies: new SessionCookies(options), log };
}

function makeContexts({ sessions, resolver }: { sessions: SessionServices; resolver: UserResolver }): LoginContexts {
  const application = new LoginApplication(sessions);
  return new LoginContexts(application, (context) => resolver.resolve(context), openExchange);
}

/** Returns a provider with named dependencies. The compiler checks each token against the expected type. */
function provide<Instance, Dependencies extends object>(
  token: TokenOf<Instance>,
  dependencies: { [Name in keyof Dependencies]: TokenOf<Dependencies[Name]> },
  make: (dependencies: Dependencies) => Instance,
): Provider {
  const entries = Object.entries<TokenOf<unknown>>(dependencies);
  const named = (values: readonly unknown[]): Dependencies =>
    Object.fromEntries(entries.map(([name], at) => [name, values[at]])) as Dependencies;
  return {
    provide: tokenOf(token),
    inject: entries.map(([, dependency]) => tokenOf(dependency)),
    useFactory: (...values: unknown[]) => make(named(values)),
  };
}

const tokenOf = (given: TokenOf<unknown>): InjectionToken =>
  typeof given === 'function' ? (given as InjectionToken) : given.token;
