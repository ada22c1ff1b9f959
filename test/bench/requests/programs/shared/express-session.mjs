/** Mounts express-session in the way of most applications, for the programs that stand on it. */
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { SECRET } from './secret.mjs';

/** Makes the middleware. Without a client the sessions live in the MemoryStore of express-session. */
export function sessionMiddleware(client) {
  const options = { secret: SECRET, resave: false, saveUninitialized: false };

  return session(client ? { ...options, store: new RedisStore({ client }) } : options);
}

/** Calls a method that takes a callback, and waits for it. */
export function called(object, method, ...given) {
  return new Promise((resolve, reject) => {
    object[method](...given, (error) => (error ? reject(error) : resolve()));
  });
}
