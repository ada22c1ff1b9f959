/** Prepares the prototypes that all requests and responses of one copy of Express inherit from. */
import type { ServerResponse } from 'node:http';
import { findContext } from '../context/context-slot.js';
import type { LoginRequest } from '../http/login-request.js';
import type { ExpressApplication } from './check-express.js';
import { defineAccessors } from './request-accessors.js';
import { hookResponses, isHooked } from './response-hooks.js';
import type { ResponseHooks } from './response-hooks.js';

/**
 * Prepares the prototypes once for each copy of Express, below those of its applications. A sub-application inside a
 * router has a prototype of its own, and inherits only from these.
 */
export function preparePrototypes({ request, response }: ExpressApplication): void {
  prepare(Object.getPrototypeOf(request) as LoginRequest, Object.getPrototypeOf(response) as ServerResponse);
}

/** Prepares one request that has the prototypes of another copy of Express. */
export function prepare(request: LoginRequest, response: ServerResponse): void {
  if (isHooked(response)) return;
  defineAccessors(request);
  hookResponses(response, hooksOf);
}

function hooksOf({ req }: ServerResponse): ResponseHooks | undefined {
  return findContext(req)?.exchange as unknown as ResponseHooks | undefined;
}
