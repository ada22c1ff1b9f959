/** The parts that all requests of one application share. */
import { NoticeCookie } from '../challenge/notice-cookie.js';
import { RememberCookie } from '../remember-me/remember-cookie.js';
import type { SessionServices } from '../session/session-services.js';

/** The parts that the context of one request is made with. */
export class LoginApplication {
  readonly rememberCookie: RememberCookie;
  readonly noticeCookie: NoticeCookie;

  constructor(readonly sessions: SessionServices) {
    const { secrets, remember, noticeCookie } = sessions.options;
    this.rememberCookie = new RememberCookie(remember.cookie, secrets);
    this.noticeCookie = new NoticeCookie(noticeCookie, secrets);
  }
}
