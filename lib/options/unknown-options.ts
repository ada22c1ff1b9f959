/** Refuses unknown options, and the options of express-session that LoginModule decides. */
import { LoginFault } from '../exceptions/login-fault.js';

/** The options of express-session that LoginModule decides. Each text says why, or names the option to use instead. */
const OF_SESSION_MIDDLEWARE: Readonly<Record<string, string>> = {
  genid: 'Session ids are made by this package: they name the login record.',
  secret: 'Use the option "secret" of LoginModule.',
  store: 'Use the option "storage" of LoginModule: { sessions: yourStore, logins }.',
  resave: 'It is off: saving an unchanged session would undo what a parallel request wrote.',
  saveUninitialized: 'It is off: visitors who are not logged in cost no stored session.',
  rolling: 'Idle time is kept on the server: use the option "login.idle".',
  unset: 'Ending a login is logoutUser.',
  proxy: `Use Express's setting: app.set('trust proxy', ...).`,
  maxAge:
    'Use the options "login.idle" and "login.absolute", and "session.cookie.persistent" for a cookie ' +
    'that outlives the browser.',
  expires: 'Use the options "login.idle" and "login.absolute".',
};

/** The names that a group reserves. Each text says why, or where the option belongs. */
const RESERVED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  session: OF_SESSION_MIDDLEWARE,
  'session.cookie': OF_SESSION_MIDDLEWARE,
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
 * Refuses a group that has an unknown or reserved name in it.
 * @param given the group as the developer wrote it
 * @param known the names of its options
 * @param group the name of the group, such as "session.cookie", or ''
 * @throws LoginFault ERR_LOGIN_UNKNOWN_OPTION, ERR_LOGIN_RESERVED_OPTION; ERR_LOGIN_INVALID_OPTION for a group that is
 *   no object
 */
export function refuseUnknownOptions(
  given: unknown,
  known: readonly string[],
  group: string,
): asserts given is Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new LoginFault(
      'ERR_LOGIN_INVALID_OPTION',
      `${group ? `The option "${group}" is` : 'The options are'} no object.`,
      `Write { ${known.slice(0, 3).join(', ')}, ... }.`,
    );

  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw faultOf(unknown, known, group);
}

function faultOf(name: string, known: readonly string[], group: string): LoginFault {
  const fullName = group ? `${group}.${name}` : name;
  const { [group]: reserved = {} } = RESERVED;
  const why = reserved[name];
  if (why !== undefined && Object.hasOwn(reserved, name))
    return new LoginFault('ERR_LOGIN_RESERVED_OPTION', `The option "${fullName}" is decided by LoginModule.`, why);

  if (group === '' && name === 'guard')
    return new LoginFault(
      'ERR_LOGIN_UNKNOWN_OPTION',
      'There is no option "guard" here: it decides what the module is made of, and a factory comes too late for that.',
      'Write it beside useFactory, useClass or useExisting.',
    );

  const nearest = known.reduce((best, other) => (distance(name, other) < distance(name, best) ? other : best));
  return new LoginFault(
    'ERR_LOGIN_UNKNOWN_OPTION',
    `There is no option "${fullName}".`,
    distance(name, nearest) <= Math.max(2, name.length / 2)
      ? `Did you mean "${group ? `${group}.` : ''}${nearest}"?`
      : `There are: ${known.join(', ')}.`,
  );
}

/** Returns the Levenshtein distance of two names. Ignores their case. */
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
