/** Session protection as a table of browsers and verdicts. */
import type { LoginRecord } from '../../lib/logins/login-record.js';
import { decideProtection } from '../../lib/session/session-protection.js';
import type { Protection } from '../../lib/session/session-protection.js';

/** The parts of a browser that the identifier names. */
interface Seen {
  readonly ip: string;
  readonly userAgent: string;
}

const clientOf = ({ ip, userAgent }: Seen) => ({ ip, userAgent, identifier: `${ip} ${userAgent}` });

function decided(mode: 'basic' | 'strong', login: Seen, request: Seen): Protection {
  return decideProtection(mode, clientOf(login) as LoginRecord, clientOf(request));
}

const HOME: Seen = { ip: '203.0.113.9', userAgent: 'Firefox' };
const UNKNOWN: Seen = { ...HOME, ip: '' };

describe('a login is', () => {
  it.each<[string, Seen, Seen, Protection, Protection]>([
    ['in the browser that made it', HOME, HOME, 'intact', 'intact'],
    ['at another address', HOME, { ...HOME, ip: '6.6.6.6' }, 'weakened', 'broken'],
    ['with another user agent', HOME, { ...HOME, userAgent: 'curl' }, 'weakened', 'broken'],
    ['with both others', HOME, { ip: '6.6.6.6', userAgent: 'curl' }, 'weakened', 'broken'],
    ['at an address that is not known', HOME, UNKNOWN, 'unknown', 'unknown'],
    ['at an unknown one, with another user agent', HOME, { ip: '', userAgent: 'curl' }, 'weakened', 'broken'],
    ['made at an unknown one', UNKNOWN, HOME, 'intact', 'intact'],
    ['made at an unknown one, with another user agent', UNKNOWN, { ...HOME, userAgent: 'curl' }, 'weakened', 'broken'],
    ['made and used at unknown ones', UNKNOWN, UNKNOWN, 'intact', 'intact'],
    [
      'without a user agent on either side',
      { ...HOME, userAgent: '' },
      { ip: '', userAgent: '' },
      'unknown',
      'unknown',
    ],
  ])('worth this much %s', (_case, login, request, basic, strong) => {
    expect([decided('basic', login, request), decided('strong', login, request)]).toEqual([basic, strong]);
  });
});
