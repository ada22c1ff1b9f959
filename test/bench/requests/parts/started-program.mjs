/** Starts the programs of a part, checks them, and makes their requests. */
import { Child, ChildFailure } from '../hosts/child.mjs';
import { parseAnswer } from '../http/answer.mjs';
import { singleRequest, userOfLogin } from '../http/requests.mjs';
import { LOGGED_IN } from '../setup/settings.mjs';
import { checkProgram } from './check-program.mjs';
import { credentialOf } from './credential.mjs';

/** Runs a program, checks it, and makes its requests. */
export class StartedProgram {
  #child = new Child('program.mjs');
  #load;
  #port = null;
  #credentials = [];
  #logins = 0;

  /** @param load the process that makes requests over connections, or null for requests in process */
  constructor(name, load = null) {
    this.name = name;
    this.#load = load;
  }

  /** @param options `redisUrl` or null, `login` options of LoginModule. @throws ChildFailure if it does not start */
  async start({ redisUrl = null, login = {} } = {}) {
    this.#port = await this.#child.ask('start', { name: this.name, redisUrl, login });
  }

  /** Checks the responses, and logs in the users of the measured requests. */
  async prepare() {
    await checkProgram(this);

    for (let number = 0; number < LOGGED_IN; number += 1) {
      const answer = await this.ask('POST', `/login/${userOfLogin(number)}`);
      this.#credentials.push(credentialOf(answer));
    }
    this.#logins = LOGGED_IN;
  }

  /** Makes one request, and returns its answer. */
  async ask(method, path, credential) {
    const asked = singleRequest(method, path, credential);
    const text = this.#load
      ? await this.#load.ask('ask', { port: this.#port, asked })
      : await this.#child.ask('ask', asked);

    return parseAnswer(text);
  }

  /** Makes the requests of a turn in process. Returns the microseconds of CPU time of each. */
  turn(route, count) {
    return this.#child.ask('turn', this.#turn(route, count));
  }

  /** Makes the requests of a turn over connections. Returns the median time of an answer, in microseconds. */
  turnByLoad(route, count, { connections, users }) {
    const which = { ...this.#turn(route, count), users };
    return this.#load.ask('turn', { port: this.#port, connections, ...which });
  }

  /** Returns the microseconds of CPU time that the program has taken so far. */
  cpu() {
    return this.#child.ask('cpu');
  }

  end() {
    return this.#child.end();
  }

  #turn(route, count) {
    const firstLogin = this.#logins;
    if (route === 'login') this.#logins += count;

    return { route, count, credentials: this.#credentials, firstLogin };
  }
}

/**
 * Starts and checks programs. Calls `onAbsent` with each program that does not start, and the reason.
 * @param programs objects of programs.mjs
 */
export async function startAll(programs, { load, redisUrl, onAbsent }) {
  const tried = await Promise.all(programs.map((program) => tryToStart(program, { load, redisUrl })));
  const started = [];
  for (const { program, running, failure } of tried)
    if (failure) onAbsent(program, absenceOf(program, failure));
    else started.push(running);

  for (const running of started) await running.prepare();
  return started;
}

async function tryToStart(program, { load, redisUrl }) {
  const running = new StartedProgram(program.name, load);
  try {
    await running.start({ redisUrl });
    return { program, running };
  } catch (failure) {
    await running.end();
    return { program, failure };
  }
}

/** Returns the reason why a program does not start. @throws Error if the bench needs the program */
function absenceOf({ name, optional, absentWith }, error) {
  if (error instanceof ChildFailure && absentWith && error.code === absentWith) return `not there yet (${absentWith})`;
  if (optional) return `not run: ${error.message.split('\n', 1)[0]}`;

  throw new Error(`${name} does not start: ${error.message}`, { cause: error });
}
