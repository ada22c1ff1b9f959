/** LoginModule: puts everything together, once in an application, and refuses to start where something contradicts it. */
import { Inject, Module, Optional } from '@nestjs/common';
import type { DynamicModule, NestModule, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, DiscoveryModule, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { LoginContexts } from './context/login-contexts.js';
import { LoginFault } from './exceptions/login-fault.js';
import { LoginExceptionFilter } from './filters/login-exception.filter.js';
import { LoginRequiredGuard } from './guards/login-required.guard.js';
import type { LoginRequest } from './http/login-request.js';
import { definition, EXTRAS, GIVEN_OPTIONS, OWN_STORAGES, RESOLVED_OPTIONS } from './login.module-definition.js';
import type { LoginModuleAsyncOptions, LoginModuleExtras, LoginModuleOptions } from './login.module-definition.js';
import { shownValue } from './options/shown-value.js';
import type { ResolvedLoginOptions } from './options/resolved-login-options.js';
import { LoginSession } from './session/login-session.js';
import { checkExpress } from './session/express-application.js';

/**
 * Sessions, logins and guards for a whole application. Import it once, in the root module; it is global.
 *
 * @example
 * \@Module({ imports: [LoginModule.forRoot({ secret: process.env.LOGIN_SECRET, loginView: '/login' })] })
 * export class AppModule {}
 */
@Module({ imports: [DiscoveryModule] })
export class LoginModule implements NestModule, OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly moduleRef: ModuleRef,
    private readonly application: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    @Optional() @Inject(GIVEN_OPTIONS) given?: unknown,
    @Optional() @Inject(EXTRAS) extras: LoginModuleExtras = {},
    @Optional() guard?: LoginRequiredGuard,
  ) {
    if (given === undefined)
      throw new LoginFault(
        'ERR_LOGIN_MODULE',
        'LoginModule is imported without its options.',
        'Write LoginModule.forRoot({ secret, ... }) in the root module; it is global, so other modules do not import it.',
      );
    if (guard) this.#guardEverything(extras, guard);
  }

  /**
   * The module with these options.
   * @throws LoginFault at start-up, for an option that is wrong, missing or unknown
   */
  static forRoot(options: LoginModuleOptions): DynamicModule {
    if (!isObject(options)) throw withoutOptions('forRoot', '{ secret, ... }');
    return { ...definition.forRoot(options), module: LoginModule };
  }

  /** The module with options that are made from injected services. @throws LoginFault as forRoot does */
  static forRootAsync(options: LoginModuleAsyncOptions): DynamicModule {
    const ways = ['useFactory', 'useClass', 'useExisting'] as const;
    if (!isObject(options) || !ways.some((way) => way in options))
      throw withoutOptions('forRootAsync', '{ useFactory }, { useClass } or { useExisting }');
    return { ...definition.forRootAsync(options), module: LoginModule };
  }

  /**
   * Puts the session in front of every route, and guard and filter in front of the application's own. Called by Nest.
   * @throws LoginFault where the application contradicts the module
   */
  configure(): void {
    const options = this.#get<ResolvedLoginOptions>(RESOLVED_OPTIONS);
    const adapter = this.adapterHost.httpAdapter;
    checkExpress(adapter, options.production);
    const sessions = this.#get<LoginSession>(LoginSession);
    const contexts = this.#get<LoginContexts>(LoginContexts);
    adapter.use(async (request: LoginRequest, _response: ServerResponse, next: (error?: unknown) => void) => {
      try {
        contexts.of(request);
        await sessions.open(request);
      } catch (error) {
        return next(error);
      }
      return next();
    });
    // As APP_FILTER and APP_GUARD they would come after the application's own: a catch-all filter would answer 401 in our
    // place, and its guards would run before anybody is known.
    this.#answerFirst();
  }

  /**
   * Refuses a second module, also where there is no HTTP, and a storage that cannot serve. Called by Nest.
   * @throws LoginFault ERR_LOGIN_MODULE, ERR_LOGIN_STORAGE
   */
  async onModuleInit(): Promise<void> {
    const ours = [...this.modules.values()].filter(({ metatype }) => metatype === LoginModule);
    if (ours.length > 1)
      throw new LoginFault(
        'ERR_LOGIN_MODULE',
        `LoginModule.forRoot() is imported ${ours.length} times.`,
        'Import it once, in the root module; it is global.',
      );
    const { logins, sessions } = this.#get<ResolvedLoginOptions>(RESOLVED_OPTIONS).storage;
    await logins.start?.();
    await sessions.start?.();
  }

  /** Closes what this module opened. Called by Nest. */
  onApplicationShutdown(): void {
    for (const storage of this.#get<{ close(): void }[]>(OWN_STORAGES)) storage.close();
  }

  /** From the constructor: what main.ts connects, such as a microservice, takes its guards before configure() is called. */
  #guardEverything({ guard = 'manual' }: LoginModuleExtras, first: LoginRequiredGuard): void {
    if (guard === 'manual') return;
    if (guard !== 'global')
      throw new LoginFault(
        'ERR_LOGIN_INVALID_OPTION',
        `The option "guard" cannot be ${shownValue(guard)}.`,
        `Write 'global' or 'manual'.`,
      );
    this.application.getGlobalGuards().unshift(first);
    // Nest hands out its own array; a copy would leave every route open.
    if (this.application.getGlobalGuards()[0] === first) return;
    throw new LoginFault(
      'ERR_LOGIN_PLATFORM',
      'This version of Nest does not take a global guard here.',
      `Use guard: 'manual' and @UseGuards(LoginRequiredGuard).`,
    );
  }

  /** Last in both lists, which Nest asks from their end; the second holds the filters that live as long as a request. */
  #answerFirst(): void {
    this.application.addGlobalFilter(this.#get(LoginExceptionFilter));
    // Ours beside none of the application's would only make Nest warn about it at every start.
    if (this.application.getGlobalRequestFilters().length === 0) return;
    const own = [...this.modules.values()]
      .find(({ metatype }) => metatype === LoginModule)
      ?.providers.get(LoginExceptionFilter);
    if (own) this.application.addGlobalRequestFilter(own as never);
  }

  #get<Instance>(token: unknown): Instance {
    return this.moduleRef.get<Instance>(token as string, { strict: true });
  }
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const withoutOptions = (method: string, what: string): LoginFault =>
  new LoginFault(
    'ERR_LOGIN_MODULE',
    `LoginModule.${method}() is called without its options.`,
    `Write LoginModule.${method}(${what}).`,
  );
