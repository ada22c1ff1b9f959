/** Measures the time of a login in Redis, for users of this library with few and with many logins. */
import { AT_THE_CAP, HUNDRED_LOGINS, LOGIN_TIME, ONE_LOGIN } from '../report/measures.mjs';
import { LIBRARY } from '../setup/programs.mjs';
import { CONNECTIONS } from '../setup/settings.mjs';
import { StartedProgram } from './started-program.mjs';

const HUNDRED = 100;

/** @param servers `redis`, and `load` that makes the requests */
export async function measureLoginTime(servers, run) {
  run.progress('Redis: time of a login');

  await withProgram(servers, { login: { maxLogins: 1_000 } }, async (program) => {
    const hundred = await logInUsers(program, namesOf('hundred', run), HUNDRED);
    for (let round = 1; round <= run.settings.loginTime.rounds; round += 1) {
      const one = await logInUsers(program, namesOf(`one${round}-`, run), 1);
      run.figures.add(LOGIN_TIME, ONE_LOGIN, await timeOfLogin(servers.redis, program, one));
      run.figures.add(LOGIN_TIME, HUNDRED_LOGINS, await timeOfLogin(servers.redis, program, hundred));
    }
  });
  await withProgram(servers, {}, async (program) => {
    const full = await logInUsers(program, namesOf('full', run), HUNDRED);
    for (let round = 1; round <= run.settings.loginTime.rounds; round += 1)
      run.figures.add(LOGIN_TIME, AT_THE_CAP, await timeOfLogin(servers.redis, program, full));
  });
}

/** Runs the library with these options, in an empty Redis. */
async function withProgram({ redis, load }, login, measure) {
  await redis.empty();
  const program = new StartedProgram(LIBRARY, load);
  await program.start({ redisUrl: redis.url, login });

  await measure(program);
  await program.end();
}

const namesOf = (prefix, { settings }) =>
  Array.from({ length: settings.loginTime.users }, (_, number) => `${prefix}${number}`);

/** Logs each user in so many times, and returns the users. */
async function logInUsers(program, users, logins) {
  await program.turnByLoad('login', users.length * logins, { connections: CONNECTIONS, users });

  return users;
}

/** Logs each user in twice. Returns the microseconds that Redis took for one login, with all commands that it sends. */
async function timeOfLogin(redis, program, users) {
  const each = () => program.turnByLoad('login', users.length, { connections: CONNECTIONS, users });
  await redis.resetStatistics();
  await each();
  const times = await redis.timesOfCommands();

  const sent = await redis.commandsDuring(each);
  return sent.reduce((sum, command) => sum + times.get(command), 0) / users.length;
}
