/** The schemas of the forms. Other input is refused before any lookup, count or hash. */
import { z } from 'zod';
import { LONGEST_PASSWORD } from './accounts/password.js';

const email = z.email('Write an address such as ada@example.com.').max(254, 'This address is too long.');
/** A password that is there, whatever it is. */
const password = z
  .string('Write the password.')
  .min(1, 'Write the password.')
  .max(LONGEST_PASSWORD, 'No password is that long.');
/** A password to be: eight characters or more (OWASP ASVS 6.2.1), with no rule on which (6.2.5). */
const newPassword = z
  .string('Choose a password.')
  .min(8, 'Choose a password of at least 8 characters.')
  .max(LONGEST_PASSWORD, `Choose a password of at most ${LONGEST_PASSWORD} characters.`);
/** With or without the space in the middle that apps show. */
const code = z
  .string('Write the code.')
  .regex(/^\s*\d{3}\s?\d{3}\s*$/, 'The code has six digits.')
  .transform((text) => text.replace(/\s/g, ''));
/** A checked box is sent as "on". */
const checkbox = z
  .literal('on')
  .optional()
  .catch(undefined)
  .transform((value) => value === 'on');

export const LoginForm = z.object({ email, password, remember: checkbox });
export const RegisterForm = z.object({ email, password: newPassword });
export const CodeForm = z.object({ code });
/** Whether the code has to be there is up to the account. */
export const ConfirmForm = z.object({ password, code: code.optional() });
export const ChangePasswordForm = z
  .object({ password: newPassword, again: z.string('Write it once more.') })
  .refine(({ password: chosen, again }) => chosen === again, { path: ['again'], message: 'The two passwords differ.' });
export const ApiLoginForm = z.object({ email, password, code: code.optional(), remember: z.boolean().default(false) });

/** The first complaint of each field; of no field, where there is no form at all. */
export function complaints(error: z.ZodError): Record<string, string> {
  return Object.fromEntries(error.issues.toReversed().map(({ path, message }) => [String(path[0] ?? 'form'), message]));
}
