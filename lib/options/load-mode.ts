/** Reads `session.load`, which is a mode, or a function that decides the mode of each request. */
import type { LoginRequest } from '../http/login-request.js';
import type { LoadMode } from './login-options.js';
import { invalidOption } from './option-rules.js';
import type { OptionRule } from './option-rules.js';

/**
 * Accepts a mode or a function. The default is `'always'`.
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION, also when the function returns no mode
 */
export const loadMode: OptionRule<LoadMode | ((request: LoginRequest) => LoadMode)> = (given, name) => {
  const checked = (mode: unknown): LoadMode => {
    if (mode === 'always' || mode === 'on-demand') return mode;
    throw invalidOption(name, mode, `Write 'always', 'on-demand', or a function that returns one of them.`);
  };

  if (typeof given === 'function') return (request) => checked((given as (request: LoginRequest) => unknown)(request));
  return checked(given === undefined ? 'always' : given);
};
