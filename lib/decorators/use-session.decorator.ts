/** The decorator for handlers that use `req.session` if sessions are read on demand. */
import { SetMetadata } from '@nestjs/common';
import { USE_SESSION } from '../metadata/metadata-keys.js';

/**
 * Reads the session before the handler runs, if `session.load` is `'on-demand'`. Use it for handlers that use
 * `req.session`. A handler with `@Session()` does not need it. It guards nothing.
 */
export function UseSession(): MethodDecorator & ClassDecorator {
  return SetMetadata(USE_SESSION, true);
}
