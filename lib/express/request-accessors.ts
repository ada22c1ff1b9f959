/** Defines `req.session` and its companions, so that the session is built when somebody touches it. */
import { findContext } from '../context/context-slot.js';
import type { LoginContext } from '../context/login-context.js';
import type { LoginRequest } from '../http/login-request.js';
import { isCalledByExpressSession } from './nested-session.js';

/** The object that handlers read from. It is the request, or an object derived from it. */
interface Touched {
  readonly res?: { readonly req?: LoginRequest };
}

/** The properties that express-session sets on a request. */
type Property = 'session' | 'sessionID' | 'sessionStore';

/** Defines the accessors on the prototype that the requests of Express inherit from. A value that is set hides them. */
export function defineAccessors(prototype: object): void {
  defineAccessor(prototype, 'session', readSession);
  defineAccessor(prototype, 'sessionID', ({ session }) => session.id);
  defineAccessor(prototype, 'sessionStore', (context) => {
    context.session.build();
    return builtValue(context, 'sessionStore');
  });
}

function defineAccessor(prototype: object, name: Property, read: (context: LoginContext) => unknown): void {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: Touched) {
      const context = contextBehind(this);
      return context && read(context);
    },
    set(this: Touched, value: unknown) {
      const context = contextBehind(this);
      if (name === 'session') context?.session.leaveToApplication(value);
      const target = context?.exchange.request ?? this;
      Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
    },
  });
}

function readSession(context: LoginContext): unknown {
  // A second express-session asks first whether there is a session, and would skip itself.
  if (!context.session.isBuilt && isCalledByExpressSession()) {
    context.application.sessions.log.warn(
      'The application mounts an express-session of its own below LoginModule. Behind it req.session is that one, ' +
        'and its values do not end with the login.',
    );
    return undefined;
  }
  context.session.build();
  return builtValue(context, 'session');
}

function contextBehind(touched: Touched): LoginContext | undefined {
  return findContext(touched.res?.req ?? touched);
}

/** Returns a value that the build has put on the request; undefined where the application has deleted it. */
function builtValue({ exchange }: LoginContext, name: Property): unknown {
  return Object.getOwnPropertyDescriptor(exchange.request, name)?.value;
}
