/** Starts child processes, asks them, and ends them at the latest when this process ends. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds that one command may take. */
const LONGEST = 120_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Ends a process at the latest when this process ends. */
export function endWithUs(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Reports the failure of a command inside a child process. `code` is the code of the error there, or null. */
export class ChildFailure extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** Runs one of the files in this folder as a process. */
export class Child {
  #process;
  #errors = '';

  /** @param file name of the file in this folder */
  constructor(file) {
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    this.#process = fork(new URL(file, import.meta.url), {
      env: { ...inherited, NODE_ENV: 'production' },
      // Helper threads of the garbage collector would take more CPU time on a busy machine.
      execArgv: ['--single-threaded-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    endWithUs(this.#process);

    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-2_000);
    });
  }

  /** Sends a command, and returns the child's answer. @throws ChildFailure, or Error if the child ends or is late */
  async ask(command, input) {
    const stop = new AbortController();
    const { signal } = stop;
    const late = setTimeout(() => stop.abort(new Error(`${command} took too long.`)), LONGEST);
    const ended = () => stop.abort(new Error(`The process ended during ${command}. ${this.#errors}`));
    this.#process.once('exit', ended);

    try {
      const answer = once(this.#process, 'message', { signal });
      this.#process.send({ command, input });
      const [{ result, failure }] = await answer;
      if (failure) throw new ChildFailure(failure);
      return result;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(late);
      this.#process.off('exit', ended);
    }
  }

  async end() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;

    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
