/** Checks whether a browser can be redirected to a view. */
import { LoginFault } from '../exceptions/login-fault.js';
import { invalidOption } from './option-rules.js';
import type { OptionRule } from './option-rules.js';

/** Accepts a view, or null for none. The default is null. */
export const view: OptionRule<string | null> = (given, name) =>
  (given ?? null) === null ? null : checkView(given, name);

/**
 * Returns the view if it is a path of this application or an absolute http(s) URL.
 * @param name the name of the option, for the message
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION for any other value
 */
export function checkView(value: unknown, name: string): string {
  const text = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && !value.includes('\\') ? value : '';
  if ((text.startsWith('/') && !text.startsWith('//')) || isAbsolute(text)) return text;
  throw invalidOption(name, value, 'Write a path such as "/login", or an absolute http(s) URL, percent-encoded.');
}

/**
 * Refuses an absolute view without the option `origin`, because the redirect to it carries an absolute URL of this
 * application.
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION
 */
export function requireOrigin(view: string | null, name: string, origin: string | null): void {
  if (view === null || origin !== null || !isAbsolute(view)) return;
  throw new LoginFault(
    'ERR_LOGIN_INVALID_OPTION',
    `${name} is an absolute URL, and the option "origin" is missing.`,
    'Set "origin" to your own address, such as "https://app.example": the Host header is not to be trusted for it.',
  );
}

const isAbsolute = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
