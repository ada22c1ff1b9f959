/** The state of a request as data: which methods change it, and where they may be used. */

/** The methods that change one part of a request, and the file of the class that has them. */
export interface Transition {
  readonly part: string;
  readonly owner: string;
  readonly methods: readonly string[];
}

/** The one file that moves all parts together. */
export const CONTEXT = 'lib/context/login-context.ts';

export const TRANSITIONS: readonly Transition[] = [
  {
    part: 'session',
    owner: 'lib/session/request-session.ts',
    methods: ['attachLogin', 'rotateId', 'resetToAnonymous', 'detach', 'makeEphemeral'],
  },
  {
    part: 'remember cookie',
    owner: 'lib/remember-me/request-tokens.ts',
    methods: ['issueCookie', 'extendCookie', 'cancelCookie', 'clearCookie'],
  },
  { part: 'notices', owner: 'lib/challenge/notices.ts', methods: ['clearNotices'] },
  { part: 'user', owner: 'lib/context/request-user.ts', methods: ['setUser', 'clearUser'] },
];
