/** The decorator for handlers that use `req.session` where sessions are read on demand. */
import { SetMetadata } from '@nestjs/common';
import { USE_SESSION } from '../metadata/metadata-keys.js';

/**
 * Reads the session before the handler runs, where `session.load` is `'on-demand'`: for handlers that use
 * `req.session`. A handler with `@Session()` needs no mark. Guards nothing.
 */
export function UseSession(): MethodDecorator & ClassDecorator {
  return SetMetadata(USE_SESSION, true);
}
