/** LoginModule: connects all parts once per application, and refuses to start if two settings contradict each other. */
import { Inject, Module, Optional } from '@nestjs/common';
import type {
  DynamicModule,
  NestModule,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { LoginFault } from './exceptions/login-fault.js';
import { checkExpress } from './express/check-express.js';
import { checkMessageHandlers } from './guards/check-message-handlers.js';
import { LoginExceptionFilter } from './filters/login-exception.filter.js';
import { definition } from './login.module-definition.js';
import type { LoginModuleAsyncOptions, LoginModuleOptions } from './login.module-definition.js';
import { PARTS } from './login.providers.js';
import type { LoginModuleParts } from './login.providers.js';
import { formatValue } from './options/format-value.js';

/**
 * Sessions, logins and guards for a whole application. Import it once, in the root module. It is global.
 *
 * @example
 * \@Module({ imports: [LoginModule.forRoot({ secret: process.env.LOGIN_SECRET, loginView: '/login' })] })
 * export class AppModule {}
 */
@Module({ imports: [DiscoveryModule] })
export class LoginModule implements NestModule, OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #parts: LoginModuleParts;

  constructor(@Optional() @Inject(PARTS.token) parts?: unknown) {
    if (parts === undefined)
      throw new LoginFault(
        'ERR_LOGIN_MODULE',
        'LoginModule is imported without its options.',
        'Write LoginModule.forRoot({ secret, ... }) in the root module; it is global, ' +
          'so other modules do not import it.',
      );
    this.#parts = parts as LoginModuleParts;
    this.#guardEverything();
  }

  /**
   * Returns the module with these options.
   * @throws LoginFault at start-up for an option that is wrong, missing or unknown
   */
  static forRoot(options: LoginModuleOptions): DynamicModule {
    if (!isObject(options)) throw withoutOptions('forRoot', '{ secret, ... }');
    return { ...definition.forRoot(options), module: LoginModule };
  }

  /** Returns the module with options that are made from injected services. @throws LoginFault as forRoot does */
  static forRootAsync(options: LoginModuleAsyncOptions): DynamicModule {
    const ways = ['useFactory', 'useClass', 'useExisting'] as const;
    if (!isObject(options) || !ways.some((way) => way in options))
      throw withoutOptions('forRootAsync', '{ useFactory }, { useClass } or { useExisting }');
    return { ...definition.forRootAsync(options), module: LoginModule };
  }

  /**
   * Puts the session before all other middleware, and guards and filter before those of the application. Nest calls it.
   * @throws LoginFault if the application contradicts the module
   */
  configure(): void {
    const { options, entry, adapterHost, application, sessionGuard } = this.#parts;
    checkExpress(adapterHost.httpAdapter, options);
    entry.mount(adapterHost.httpAdapter);
    if (options.session.load !== 'always') application.getGlobalGuards().unshift(sessionGuard);
    // As APP_FILTER and APP_GUARD they would run after the application's own. A catch-all filter would then answer 401
    // in their place, and the guards of the application would run before the user is known.
    this.#answerFirst();
  }

  /**
   * Refuses a second module, even without HTTP. Also refuses message handlers that only seem guarded, and a storage
   * that cannot serve. Nest calls it.
   * @throws LoginFault ERR_LOGIN_MODULE, ERR_LOGIN_NOT_HTTP, ERR_LOGIN_STORAGE
   */
  async onModuleInit(): Promise<void> {
    const { modules, options, extras, discovery, scanner } = this.#parts;
    const ours = [...modules.values()].filter(({ metatype }) => metatype === LoginModule);
    if (ours.length > 1)
      throw new LoginFault(
        'ERR_LOGIN_MODULE',
        `LoginModule.forRoot() is imported ${ours.length} times.`,
        'Import it once, in the root module; it is global.',
      );

    checkMessageHandlers(discovery, scanner, { isGlobal: extras.guard === 'global' });
    const { logins, sessions } = options.storage;
    await logins.start?.();
    await sessions.start?.();
  }

  /**
   * Checks the views against the routes after the start. Nest calls it.
   * @throws LoginFault ERR_LOGIN_INVALID_OPTION for a view without the global prefix
   */
  onApplicationBootstrap(): void {
    this.#refuseViewsWithoutPrefix();
    this.#parts.entry.serve();
  }

  /** Closes the storage that this module has made. Nest calls it. */
  onApplicationShutdown(): void {
    this.#parts.entry.unmount();
    for (const storage of this.#parts.ownStorages) storage.close();
  }

  /**
   * Refuses a view without the global prefix if this application has the page with the prefix. Otherwise the view may
   * be a page of a front end.
   */
  #refuseViewsWithoutPrefix(): void {
    const { application, entry, options } = this.#parts;
    const globalPrefix = application.getGlobalPrefix().replace(/^\/?/, '/').replace(/\/$/, '');
    const { pathPrefix } = options;

    for (const name of ['loginView', 'refreshView'] as const) {
      const path = options[name].url?.split(/[?#]/, 1)[0];
      if (!path?.startsWith('/')) continue;
      if (globalPrefix !== '' && !entry.hasPage(path) && entry.hasPage(globalPrefix + path))
        throw viewWithoutPrefix(name, path, { prefix: globalPrefix, reason: 'by setGlobalPrefix()' });
      if (pathPrefix !== '' && !path.startsWith(`${pathPrefix}/`) && entry.hasPage(path))
        throw viewWithoutPrefix(name, path, { prefix: pathPrefix, reason: 'by "pathPrefix"' });
    }
  }

  /**
   * Adds guards and filter. The constructor calls it, because a microservice that main.ts connects takes its guards
   * before configure() runs.
   */
  #guardEverything(): void {
    const { extras, application, guard: first } = this.#parts;
    const { guard = 'manual' } = extras;
    if (guard === 'manual') return;
    if (guard !== 'global')
      throw new LoginFault(
        'ERR_LOGIN_INVALID_OPTION',
        `The option "guard" cannot be ${formatValue(guard)}.`,
        `Write 'global' or 'manual'.`,
      );

    application.getGlobalGuards().unshift(first);
    // Nest returns its own array. A copy would leave every route open.
    if (application.getGlobalGuards()[0] === first) return;
    throw new LoginFault(
      'ERR_LOGIN_PLATFORM',
      'This version of Nest does not take a global guard here.',
      `Use guard: 'manual' and @UseGuards(LoginRequiredGuard).`,
    );
  }

  /**
   * Adds the filter as the last one to both lists, because Nest asks them from the end. The second list holds the
   * request-scoped filters.
   */
  #answerFirst(): void {
    const { application, filter, modules } = this.#parts;
    application.addGlobalFilter(filter);
    // A filter of ours alone would make Nest warn about it at every start.
    if (application.getGlobalRequestFilters().length === 0) return;
    const own = [...modules.values()]
      .find(({ metatype }) => metatype === LoginModule)
      ?.providers.get(LoginExceptionFilter);
    if (own) application.addGlobalRequestFilter(own as never);
  }
}

const viewWithoutPrefix = (
  name: string,
  path: string,
  { prefix, reason }: { readonly prefix: string; readonly reason: string },
): LoginFault =>
  new LoginFault(
    'ERR_LOGIN_INVALID_OPTION',
    `The option "${name}" is "${path}", and browsers find that page at "${prefix}${path}" ${reason}.`,
    `Write ${name}: '${prefix}${path}'. A view is a whole path.`,
  );

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const withoutOptions = (method: string, what: string): LoginFault =>
  new LoginFault(
    'ERR_LOGIN_MODULE',
    `LoginModule.${method}() is called without its options.`,
    `Write LoginModule.${method}(${what}).`,
  );
