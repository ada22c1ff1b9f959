/** Takes over `end` and `writeHead` of responses, so that cookies and values go out when everything else is decided. */
import type { ServerResponse } from 'node:http';
import { applyHeaders, copyHead, headSentError, removeAnswer, restoreHead } from './response-head.js';

/** The object that is called at the head and at the end of one response. */
export interface ResponseHooks {
  /** True where `writeHeaders` has something to say. */
  readonly hasHeaders: boolean;
  /** How far the end of the response is. `saved`: the outermost wrapper of `end` may begin. */
  ending: 'open' | 'saving' | 'saved' | 'sending' | 'failed';
  /** The function that middleware has put in the place of `end`; undefined: none. */
  wrappedEnd: Method | undefined;
  /** Writes headers, after all that handlers have set. Called once. */
  writeHeaders(): void;
  /** Saves the session before the response ends. Returns null if there is nothing to wait for. */
  save(): Promise<void> | null;
  /** Hears of an error of `save`: answers it, where nothing of the response has gone out. */
  fail(error: unknown): void;
}

/** Finds the hooks of a response; undefined: it is not ours. */
export type HooksOf = (response: ServerResponse) => ResponseHooks | undefined;

type Method = (this: ServerResponse, ...args: unknown[]) => ServerResponse;

/** Marks an object that has the hooks. */
const HOOKED = Symbol('nestjs-login hooked');

/** True where the hooks of a response are called. */
export const isHooked = (response: ServerResponse): boolean => HOOKED in response;

/**
 * Defines both methods, as a rule on the prototype that the responses of Express inherit from. There they stay below
 * every wrapper that middleware adds to a response, and cost no request anything to set up.
 */
export function hookResponses(place: ServerResponse, hooksOf: HooksOf): void {
  hookHead(place, hooksOf);
  hookEnd(place, hooksOf);
  Object.defineProperty(place, HOOKED, { value: true });
}

function hookHead(place: ServerResponse, hooksOf: HooksOf): void {
  const formerHead = former(place, 'writeHead');
  const writeHead: Method = function (...args) {
    const hooks = this.headersSent ? undefined : hooksOf(this);
    if (!hooks) return formerHead().apply(this, args);
    if (hooks.ending === 'saving') throw headSentError();
    // A wrapper of `writeHead` may have written while the response ends, which cannot wait any more.
    if (hooks.ending === 'sending' && this.writeHead !== writeHead)
      saveBy(hooks)?.catch((error: unknown) => hooks.fail(error));

    if (!hooks.hasHeaders) return formerHead().apply(this, args);

    const rest = applyHeaders(this, args);
    hooks.writeHeaders();
    return formerHead().apply(this, rest);
  };

  Object.defineProperty(place, 'writeHead', { value: writeHead, writable: true, enumerable: true, configurable: true });
}

/**
 * The values are saved before the outermost wrapper of `end` runs, because a wrapper that compresses sends the head
 * itself. They are saved again below all wrappers, where one of them has changed something. Therefore `end` is an
 * accessor, which hears of every wrapper.
 */
function hookEnd(place: ServerResponse, hooksOf: HooksOf): void {
  const formerEnd = former(place, 'end');
  const innermost = endAfterSaving(() => formerEnd(), { hooksOf, next: 'sending' });

  Object.defineProperty(place, 'end', {
    get(this: ServerResponse) {
      return hooksOf(this)?.wrappedEnd ?? innermost;
    },
    set(this: ServerResponse, value: Method) {
      // An object that somebody has derived from a response keeps its wrapper for itself.
      const hooks = Object.hasOwn(this, 'req') ? hooksOf(this) : undefined;
      if (hooks) hooks.wrappedEnd = endAfterSaving(() => value, { hooksOf, next: 'saved' });
      else Object.defineProperty(this, 'end', { value, writable: true, enumerable: true, configurable: true });
    },
    enumerable: true,
    configurable: true,
  });
}

/** Returns an `end` that saves first. @param next how far the response is once that is done */
function endAfterSaving(
  find: () => Method,
  { hooksOf, next }: { readonly hooksOf: HooksOf; readonly next: 'saved' | 'sending' },
): Method {
  return function (...args) {
    const hooks = hooksOf(this);
    // The first answer counts, although it is still waiting.
    if (hooks?.ending === 'saving') return this;
    if (hooks?.ending !== 'open' && !(hooks?.ending === 'saved' && next === 'sending')) return find().apply(this, args);

    const saving = saveBy(hooks);
    if (saving) return endLater(this, hooks, { saving, next, end: () => find().apply(this, args) });
    hooks.ending = next;
    return find().apply(this, args);
  };
}

/** A value that cannot be stored fails at once, and is answered like a store that fails later. */
function saveBy(hooks: ResponseHooks): Promise<void> | null {
  try {
    return hooks.save();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function endLater(
  response: ServerResponse,
  hooks: ResponseHooks,
  {
    saving,
    next,
    end,
  }: { readonly saving: Promise<void>; readonly next: 'saved' | 'sending'; readonly end: () => void },
): ServerResponse {
  // A second answer, which would fail after the end, must not change the first one while that waits.
  const head = copyHead(response);
  hooks.ending = 'saving';

  saving.then(
    () => {
      hooks.ending = next;
      restoreHead(response, head);
      end();
    },
    (error: unknown) => {
      hooks.ending = 'failed';
      // The client has the head and perhaps half of the body: an error would only be added to it.
      if (response.headersSent) end();
      else removeAnswer(response);
      hooks.fail(error);
    },
  );
  return response;
}

/** Finds the method that was there before. An inherited one is looked up at each call, because tracers replace it. */
function former(place: ServerResponse, name: 'end' | 'writeHead'): () => Method {
  const own = Object.getOwnPropertyDescriptor(place, name)?.value as Method | undefined;
  return () => own ?? ((Object.getPrototypeOf(place) as Record<typeof name, unknown>)[name] as Method);
}
