/** Decides how a handler is guarded, from the marks on it and on its controller. */
import { RequestMethod } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ACCESS } from '../metadata/metadata-keys.js';
import type { Access } from '../metadata/metadata-keys.js';
import { loginViewOf } from './login-view.guard.js';

/** Where Nest keeps the guards of `@UseGuards()`. */
export const GUARDS = '__guards__';

/** Where Nest keeps the method of a route. */
const METHOD = 'method';

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = ReturnType<ExecutionContext['getClass']>;

/** What the marks on one handler of one controller say. */
export interface HandlerAccess {
  readonly access: Access;
  readonly loginView: string | undefined;
  /** `@All()`: the handler would do for OPTIONS what it does for POST */
  readonly answersEveryMethod: boolean;
}

/** Reads marks once, because they do not change after the start and each costs a search through prototypes. */
export class AccessMarks {
  readonly #read = new WeakMap<Handler, Map<Controller, HandlerAccess>>();

  /** @param isGuard tells a guard of this package from others */
  constructor(private readonly isGuard: (guard: unknown) => boolean) {}

  /** Returns what the marks say about the handler of an execution. */
  of(execution: ExecutionContext): HandlerAccess {
    const [handler, controller] = [execution.getHandler(), execution.getClass()];
    const byController = this.#read.get(handler) ?? new Map<Controller, HandlerAccess>();
    const known = byController.get(controller);
    if (known) return known;

    const access = {
      access: this.#accessOf(handler, controller),
      loginView: loginViewOf(execution),
      answersEveryMethod: Reflect.getMetadata(METHOD, handler) === RequestMethod.ALL,
    };
    this.#read.set(handler, byController.set(controller, access));
    return access;
  }

  /**
   * The nearest mark: on the handler, else on the controller. A guard on the handler asks for no less than the
   * controller.
   */
  #accessOf(handler: object, controller: object): Access {
    const onClass = this.#markOn(controller) ?? { kind: 'login' };
    if (Reflect.hasMetadata(ACCESS, handler)) return this.#markOn(handler) ?? onClass;
    return onClass.kind === 'public' && this.#isGuarded(handler) ? { kind: 'login' } : onClass;
  }

  /** A guard closes what a mark beside it opens. One on a base class does not, because the mark below it is nearer. */
  #markOn(place: object): Access | undefined {
    const mark = Reflect.getMetadata(ACCESS, place) as Access | undefined;
    return mark?.kind === 'public' && this.#isGuarded(place) ? { kind: 'login' } : mark;
  }

  #isGuarded(place: object): boolean {
    const guards = (Reflect.getOwnMetadata(GUARDS, place) ?? []) as unknown[];
    return guards.some(this.isGuard);
  }
}
