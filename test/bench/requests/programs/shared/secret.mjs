/** Signs the cookies and tokens of a program, as long as its process lives. */
import { randomBytes } from 'node:crypto';

export const SECRET = randomBytes(32).toString('base64url');
