/** The types of the options that LoginModule is imported with. */
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { DynamicModule, InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import { LoginContexts } from './context/login-contexts.js';
import { GuardSettings, LoginRequiredGuard } from './guards/login-required.guard.js';
import { LoginManagerService } from './login-manager.service.js';
import { EXTRAS, GIVEN_OPTIONS, providers } from './login.providers.js';
import type { LoginOptions } from './options/login-options.js';

/** The option that decides about guards: all handlers except `@Public()` ones, or only marked handlers. */
export interface LoginModuleExtras {
  /** Default: `'manual'`. */
  readonly guard?: 'global' | 'manual';
}

/** The options of `LoginModule.forRoot()`. */
export type LoginModuleOptions = LoginOptions & LoginModuleExtras;

/** Makes the options from injected services. A class for `useClass` or `useExisting` implements it. */
export interface LoginOptionsFactory {
  /** Returns the options, or a promise of them. */
  createLoginOptions(): Promise<LoginOptions> | LoginOptions;
}

/** The members of every form of `LoginModule.forRootAsync()`. */
export interface LoginModuleAsyncExtras extends Pick<ModuleMetadata, 'imports'>, LoginModuleExtras {}

/** A function that makes the options from the injected services. */
export interface LoginOptionsByFactory extends LoginModuleAsyncExtras {
  /** Returns the options, or a promise of them. */
  readonly useFactory: (...dependencies: never[]) => Promise<LoginOptions> | LoginOptions;
  /** The tokens of the services that `useFactory` gets. */
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
