/** Logs users in by this library, fetching a session only if a handler asks for it. */
import { create as createLogin } from './nestjs-login.mjs';

/** @param options as in nestjs-login.mjs */
export const create = ({ client, login = {} }) =>
  createLogin({ client, login: { ...login, session: { load: 'on-demand' } } });
