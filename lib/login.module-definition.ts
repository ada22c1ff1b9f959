/** What LoginModule can be imported with, and the providers that it consists of. */
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type {
  DynamicModule,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { AreaViews } from './challenge/area-views.js';
import { LoginChallenge } from './challenge/login-challenge.js';
import { NoticeCookie } from './challenge/notice-cookie.js';
import { LoginActions } from './context/login-actions.js';
import { LoginContexts } from './context/login-contexts.js';
import { LoginDevices } from './context/login-devices.js';
import { LoginEventStream } from './events/login-event-stream.js';
import { LoginExceptionFilter } from './filters/login-exception.filter.js';
import { GuardSettings, LoginRequiredGuard } from './guards/login-required.guard.js';
import { LoginManagerService } from './login-manager.service.js';
import { LoginRegistry } from './logins/login-registry.js';
import { LoginStore } from './logins/login-store.js';
import { UserLogins } from './logins/user-logins.js';
import type { LoginOptions } from './options/login-options.js';
import { resolveLoginOptions } from './options/resolve-login-options.js';
import type { ResolvedLoginOptions } from './options/resolved-login-options.js';
import { RememberMe } from './remember-me/remember-me.js';
import { LoginSession } from './session/login-session.js';
import { memoryStorage } from './stores/memory/memory-storage.js';
import { LoginHandlers } from './user/login-handlers.js';
import { UserResolver } from './user/user-resolver.js';

/** Which handlers are guarded: all but `@Public()` ones, or those that ask for it. */
export interface LoginModuleExtras {
  /** Default: `'manual'`. */
  readonly guard?: 'global' | 'manual';
}

/** The options of `LoginModule.forRoot()`. */
export type LoginModuleOptions = LoginOptions & LoginModuleExtras;

/** Makes the options from injected services: implement it for `useClass` and `useExisting`. */
export interface LoginOptionsFactory {
  /** The options, now or later. */
  createLoginOptions(): Promise<LoginOptions> | LoginOptions;
}

/** What every form of `LoginModule.forRootAsync()` may have. */
export interface LoginModuleAsyncExtras extends Pick<ModuleMetadata, 'imports'>, LoginModuleExtras {}

/** A function that makes the options from what `inject` names. */
export interface LoginOptionsByFactory extends LoginModuleAsyncExtras {
  /** Makes the options, now or later. */
  readonly useFactory: (...dependencies: never[]) => Promise<LoginOptions> | LoginOptions;
  /** What `useFactory` gets. */
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
}

/** A class that makes the options, instantiated for it. */
export interface LoginOptionsByClass extends LoginModuleAsyncExtras {
  /** The class. */
  readonly useClass: Type<LoginOptionsFactory>;
}

/** A provider that makes the options. */
export interface LoginOptionsByExisting extends LoginModuleAsyncExtras {
  /** The provider's class. */
  readonly useExisting: Type<LoginOptionsFactory>;
}

/** The options of `LoginModule.forRootAsync()`: one of `useFactory`, `useClass`, `useExisting`. */
export type LoginModuleAsyncOptions = LoginOptionsByFactory | LoginOptionsByClass | LoginOptionsByExisting;

/** The options after every check, for providers. */
export const RESOLVED_OPTIONS: unique symbol = Symbol('nestjs-login options');
/** The storage that this module made itself, and closes. */
export const OWN_STORAGES: unique symbol = Symbol('nestjs-login own storages');
/** The extras, for the module. */
export const EXTRAS: unique symbol = Symbol('nestjs-login extras');

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<LoginOptions>()
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLoginOptions')
  .setExtras({ guard: 'manual' as unknown }, (definition, { guard }) => ({
    ...definition,
    global: true,
    providers: [...(definition.providers ?? []), { provide: EXTRAS, useValue: { guard } }, ...providers()],
    exports: [LoginManagerService, LoginContexts, GuardSettings, LoginRequiredGuard],
  }))
  .build();

/** Where the options as the user wrote them are; only a module made by forRoot has them. */
export const GIVEN_OPTIONS: string | symbol = MODULE_OPTIONS_TOKEN;

/** The two ways to import the module. */
export const definition: {
  forRoot(options: LoginModuleOptions): DynamicModule;
  forRootAsync(options: LoginModuleAsyncOptions): DynamicModule;
} = ConfigurableModuleClass as never;

/** A closure each, so that classes below the module know nothing of tokens. */
function providers(): Provider[] {
  const provide = <Instance>(
    token: InjectionToken,
    inject: InjectionToken[],
    make: (...dependencies: never[]) => Instance,
  ): Provider => ({
    provide: token,
    inject,
    useFactory: make as (...dependencies: unknown[]) => Instance,
  });
  const make = <Instance, Dependencies extends unknown[]>(
    type: new (...dependencies: Dependencies) => Instance,
    ...inject: InjectionToken[]
  ): Provider =>
    provide(type, inject, (...dependencies: never[]) => new type(...(dependencies as unknown as Dependencies)));

  return [
    provide(OWN_STORAGES, [], () => []),
    provide(RESOLVED_OPTIONS, [GIVEN_OPTIONS, OWN_STORAGES], (given: unknown, own: { close(): void }[]) =>
      resolveLoginOptions(given, () => {
        const storage = memoryStorage();
        own.push(storage);
        return storage;
      }),
    ),
    provide(LoginStore, [RESOLVED_OPTIONS], ({ storage }: ResolvedLoginOptions) => storage.logins),
    make(LoginRegistry, LoginStore, RESOLVED_OPTIONS),
    make(UserLogins, LoginStore, RESOLVED_OPTIONS),
    provide(GuardSettings, [RESOLVED_OPTIONS], (options: ResolvedLoginOptions) => options),
    provide(
      LoginContexts,
      [UserResolver, RESOLVED_OPTIONS],
      (resolver: UserResolver, options: ResolvedLoginOptions) => new LoginContexts(resolver, options.anonymousUser),
    ),
    LoginEventStream,
    LoginHandlers,
    make(LoginSession, RESOLVED_OPTIONS, LoginRegistry),
    make(NoticeCookie, RESOLVED_OPTIONS),
    make(AreaViews, RESOLVED_OPTIONS, DiscoveryService, MetadataScanner),
    make(LoginChallenge, RESOLVED_OPTIONS, NoticeCookie, AreaViews),
    make(RememberMe, RESOLVED_OPTIONS, LoginSession, LoginRegistry, LoginEventStream),
    make(UserResolver, RESOLVED_OPTIONS, LoginSession, RememberMe, LoginRegistry, LoginHandlers, LoginEventStream),
    make(
      LoginActions,
      RESOLVED_OPTIONS,
      LoginContexts,
      LoginSession,
      RememberMe,
      LoginRegistry,
      UserLogins,
      NoticeCookie,
      LoginHandlers,
      LoginEventStream,
    ),
    make(LoginDevices, LoginContexts, UserLogins, LoginEventStream),
    make(
      LoginManagerService,
      LoginContexts,
      LoginActions,
      LoginDevices,
      LoginChallenge,
      NoticeCookie,
      LoginEventStream,
    ),
    LoginRequiredGuard,
    LoginExceptionFilter,
  ];
}
