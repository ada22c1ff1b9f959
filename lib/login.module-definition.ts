/** What LoginModule can be imported with. */
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { DynamicModule, InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import { LoginContexts } from './context/login-contexts.js';
import { GuardSettings, LoginRequiredGuard } from './guards/login-required.guard.js';
import { LoginManagerService } from './login-manager.service.js';
import { EXTRAS, GIVEN_OPTIONS, providers } from './login.providers.js';
import type { LoginOptions } from './options/login-options.js';

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

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<LoginOptions>({
  optionsInjectionToken: GIVEN_OPTIONS.token,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLoginOptions')
  .setExtras({ guard: 'manual' as unknown }, (definition, { guard }) => ({
    ...definition,
    global: true,
    providers: [...(definition.providers ?? []), { provide: EXTRAS.token, useValue: { guard } }, ...providers()],
    exports: [LoginManagerService, LoginContexts, GuardSettings, LoginRequiredGuard],
  }))
  .build();

/** The two ways to import the module. */
export const definition: {
  forRoot(options: LoginModuleOptions): DynamicModule;
  forRootAsync(options: LoginModuleAsyncOptions): DynamicModule;
} = ConfigurableModuleClass as never;
