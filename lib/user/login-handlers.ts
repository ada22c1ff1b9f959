/**
 * Discovers the methods of the application that this package calls. These are loaders, listeners, and handlers of
 * refusals and outages.
 */
import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LoginEventStream } from '../events/login-event-stream.js';
import type { LoginEventName } from '../events/login-events.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { HANDLER_ROLE, LISTENS_TO } from '../metadata/metadata-keys.js';
import type { HandlerRole } from '../metadata/metadata-keys.js';

type Method = (...args: unknown[]) => unknown;
type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

const DECORATORS: Readonly<Record<HandlerRole, string>> = {
  'user-loader': '@UserLoader()',
  'request-loader': '@RequestLoader()',
  'unauthorized-handler': '@UnauthorizedHandler()',
  'needs-refresh-handler': '@NeedsRefreshHandler()',
  'unavailable-handler': '@UnavailableHandler()',
};

/** Finds the methods of providers and controllers by the roles that decorators have given them. */
@Injectable()
export class LoginHandlers implements OnModuleInit {
  readonly #found = new Map<HandlerRole, { readonly call: Method; readonly place: string }>();
  #isCollected = false;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly events: LoginEventStream,
  ) {}

  /** Returns the method of this role, bound to its provider, or undefined. */
  get(role: HandlerRole): Method | undefined {
    return this.#found.get(role)?.call;
  }

  /**
   * Collects the methods at start.
   * @throws LoginFault if two methods have one role, no method loads users, or the provider of a handler is
   *   request-scoped
   */
  onModuleInit(): void {
    // Nest calls this method again for a microservice of the same application that is initialised later.
    if (this.#isCollected) return;
    this.#isCollected = true;

    const seen = new Set<unknown>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      // An object under two tokens (useExisting) is one handler.
      if (wrapper.instance && seen.has(wrapper.instance)) continue;
      if (this.#collect(wrapper)) seen.add(wrapper.instance);
    }

    if (this.get('user-loader') || this.get('request-loader')) return;
    throw new LoginFault(
      'ERR_LOGIN_NO_USER_LOADER',
      'LoginModule cannot turn a user id into a user.',
      "Mark a provider's method with @UserLoader(), and list that provider in a module that is imported.",
    );
  }

  /** Collects all marked methods of one provider or controller. Returns false if it has no class. */
  #collect(wrapper: InstanceWrapper): boolean {
    const { metatype } = wrapper;
    const prototype: unknown = wrapper.instance
      ? Object.getPrototypeOf(wrapper.instance)
      : typeof metatype === 'function' && metatype.prototype;
    if (!prototype || typeof prototype !== 'object') return false;

    for (const name of this.scanner.getAllMethodNames(prototype)) {
      const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
      this.#register(prototype, name, isStatic ? wrapper.instance : undefined);
    }
    return true;
  }

  /**
   * Registers the role and the events of one method.
   * @throws LoginFault ERR_LOGIN_HANDLER_SCOPE, ERR_LOGIN_HANDLER_TWICE
   */
  #register(prototype: object, name: string, instance: unknown): void {
    const role = Reflect.getMetadata(HANDLER_ROLE, prototype, name) as HandlerRole | undefined;
    const listensTo = (Reflect.getMetadata(LISTENS_TO, prototype, name) ?? []) as LoginEventName[];
    if (!role && !listensTo.length) return;

    const place = `${prototype.constructor.name}.${name}`;
    if (typeof instance !== 'object' || instance === null)
      throw new LoginFault(
        'ERR_LOGIN_HANDLER_SCOPE',
        `${place} belongs to a request-scoped or transient provider, and is called outside of any handler.`,
        'Move it to a provider of the default scope; what it needs of the request it gets as an argument.',
      );

    const call: Method = (...args) => (instance as Record<string, Method>)[name]?.(...args);
    for (const event of listensTo) this.events.on(event, call);
    if (!role) return;
    const former = this.#found.get(role);
    if (former) throw duplicateFault(role, former.place, place);
    this.#found.set(role, { call, place });
  }
}

/** Makes the fault for two methods of one role. If both are the same method, two modules provide its class. */
function duplicateFault(role: HandlerRole, former: string, place: string): LoginFault {
  const [problem, remedy] =
    former === place
      ? [
          `${place} with ${DECORATORS[role]} is there twice: its class is listed as a provider of two modules.`,
          'List it in one module, export it there, and import that module where it is needed.',
        ]
      : [`${DECORATORS[role]} stands on ${former} and on ${place}.`, 'Leave one of them.'];
  return new LoginFault('ERR_LOGIN_HANDLER_TWICE', problem, remedy);
}
