/** Refuses options by name: unknown ones with the nearest known one, and those of express-session that are ours. */
import { LoginFault } from '../exceptions/login-fault.js';

/** What of express-session is decided here, and why it cannot be an option. */
const OF_EXPRESS_SESSION: Readonly<Record<string, string>> = {
  genid: 'Session ids are made by this package: they name the login record.',
  secret: 'Use the option "secret" of LoginModule.',
  store: 'Use the option "storage" of LoginModule: { sessions: yourStore, logins }.',
  resave: 'It is off: saving an unchanged session would undo what a parallel request wrote.',
  saveUninitialized: 'It is off: visitors who are not logged in cost no stored session.',
  rolling: 'Idle time is kept on the server: use the option "login.idle".',
  unset: 'Ending a login is logoutUser.',
  proxy: `Use Express's setting: app.set('trust proxy', ...).`,
  maxAge:
    'Use the options "login.idle" and "login.absolute", and "session.cookie.persistent" for a cookie that outlives the browser.',
  expires: 'Use the options "login.idle" and "login.absolute".',
};

/** Names that are asked for in a group and cannot be there, with the reason or the place where they belong. */
const ELSEWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  session: OF_EXPRESS_SESSION,
  'session.cookie': OF_EXPRESS_SESSION,
  remember: {
    duration: 'Use the option "remember.absolute"; a duration of its own is given to a single loginUser().',
    maxAge: 'Use the options "remember.idle" and "remember.absolute".',
    expires: 'Use the options "remember.idle" and "remember.absolute".',
    name: 'It is called "remember.cookieName".',
    cookie: 'Path, domain, secure, httpOnly and sameSite stand in "remember" itself.',
    persistent: 'A remember cookie always outlives the browser.',
  },
};

/**
 * @param given what the user wrote
 * @param known the names there are
 * @param path the name of the group, such as "session.cookie", or ''
 * @throws LoginFault ERR_LOGIN_UNKNOWN_OPTION, ERR_LOGIN_RESERVED_OPTION, ERR_LOGIN_INVALID_OPTION where `given` is no object
 */
export function refuseUnknown(
  given: unknown,
  known: readonly string[],
  path: string,
): asserts given is Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new LoginFault(
      'ERR_LOGIN_INVALID_OPTION',
      `${path ? `The option "${path}" is` : 'The options are'} no object.`,
      `Write { ${known.slice(0, 3).join(', ')}, ... }.`,
    );
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const full = path ? `${path}.${name}` : name;
    const { [path]: group = {} } = ELSEWHERE;
    const why = group[name];
    if (why !== undefined && Object.hasOwn(group, name))
      throw new LoginFault('ERR_LOGIN_RESERVED_OPTION', `The option "${full}" is decided by LoginModule.`, why);
    if (path === '' && name === 'guard')
      throw new LoginFault(
        'ERR_LOGIN_UNKNOWN_OPTION',
        'There is no option "guard" here: it decides what the module is made of, and a factory comes too late for that.',
        'Write it beside useFactory, useClass or useExisting.',
      );
    const nearest = known.reduce((best, other) => (distance(name, other) < distance(name, best) ? other : best));
    throw new LoginFault(
      'ERR_LOGIN_UNKNOWN_OPTION',
      `There is no option "${full}".`,
      distance(name, nearest) <= Math.max(2, name.length / 2)
        ? `Did you mean "${path ? `${path}.` : ''}${nearest}"?`
        : `There are: ${known.join(', ')}.`,
    );
  }
}

/** Levenshtein distance, case aside. */
function distance(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
