/** Decides how a handler is guarded, by the marks on it and on its controller. */
import { RequestMethod } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { ACCESS } from '../metadata/metadata-keys.js';
import type { Access } from '../metadata/metadata-keys.js';
import { loginViewOf } from './login-view.guard.js';

/** The metadata key of Nest for the guards of `@UseGuards()`. */
export const GUARDS = '__guards__';

/** The metadata key of Nest for the method of a route. */
const METHOD = 'method';

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = ReturnType<ExecutionContext['getClass']>;

/** The result of the marks on one handler of one controller. */
export interface HandlerAccess {
  readonly access: Access;
  readonly loginView: string | undefined;
  /** true for `@All()`, because the handler does the same for OPTIONS as for POST */
  readonly answersEveryMethod: boolean;
}

/**
 * Reads the marks of a handler once. They do not change after the start, and each read costs a search through
 * prototypes.
 */
export class AccessMarks {
  readonly #read = new WeakMap<Handler, Map<Controller, HandlerAccess>>();

  /** @param isGuard tells whether a guard belongs to this package */
  constructor(private readonly isGuard: (guard: unknown) => boolean) {}

  /** Returns the result of the marks for the handler of an execution. */
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
   * Returns the nearest mark, which is on the handler or else on the controller. A guard on the handler never requires
   * less than the controller.
   */
  #accessOf(handler: object, controller: object): Access {
    const onClass = this.#markOn(controller) ?? { kind: 'login' };
    if (Reflect.hasMetadata(ACCESS, handler)) return this.#markOn(handler) ?? onClass;
    return onClass.kind === 'public' && this.#isGuarded(handler) ? { kind: 'login' } : onClass;
  }

  /**
   * Returns the mark on one place. A guard on that place overrides a mark that opens it. A guard on a base class does
   * not, because the mark below it is nearer.
   */
  #markOn(place: object): Access | undefined {
    const mark = Reflect.getMetadata(ACCESS, place) as Access | undefined;
    return mark?.kind === 'public' && this.#isGuarded(place) ? { kind: 'login' } : mark;
  }

  #isGuarded(place: object): boolean {
    const guards = (Reflect.getOwnMetadata(GUARDS, place) ?? []) as unknown[];
    return guards.some(this.isGuard);
  }
}
