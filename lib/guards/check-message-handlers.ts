/** Checks the handlers of messages at start, because no guard of this package can protect them. */
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LoginFault } from '../exceptions/login-fault.js';
import { controllerHandlers } from '../metadata/controller-handlers.js';
import { ACCESS } from '../metadata/metadata-keys.js';
import type { Access } from '../metadata/metadata-keys.js';
import { GUARDS } from './access.js';
import { isLoginRequiredGuard } from './login-required.guard.js';

/** The metadata key of Nest for the pattern of a message handler. */
const PATTERN = 'microservices:pattern';

/**
 * Refuses message handlers that look protected and are not. A microservice of a hybrid application uses no global guard
 * by default, and a message has no cookies.
 * @param settings.isGlobal true if the guard protects all handlers
 * @throws LoginFault ERR_LOGIN_NOT_HTTP
 */
export function checkMessageHandlers(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  { isGlobal }: { readonly isGlobal: boolean },
): void {
  for (const { controller, handlers } of controllerHandlers(discovery, scanner))
    for (const [name, handler] of handlers) {
      if (!Reflect.hasMetadata(PATTERN, handler)) continue;
      const places = [handler, controller];
      const guards = places.flatMap((place) => (Reflect.getMetadata(GUARDS, place) ?? []) as unknown[]);
      const marks = places.map((place) => Reflect.getMetadata(ACCESS, place) as Access | undefined);
      const isOpen = marks.some((mark) => mark?.kind === 'public');
      if (guards.some(isLoginRequiredGuard) || (isGlobal && !isOpen && !guards.length))
        throw unguardable(`${controller.name}.${name}`);
    }
}

const unguardable = (place: string): LoginFault =>
  new LoginFault(
    'ERR_LOGIN_NOT_HTTP',
    `${place} answers messages, and LoginRequiredGuard guards HTTP handlers alone.`,
    'Protect it by a guard of its own with @UseGuards(), or mark it @Public().',
  );
