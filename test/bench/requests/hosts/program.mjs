/** Runs one program in a process of its own, and measures its CPU time. */
import { requireSuccess } from '../http/answer.mjs';
import { inject, injectForText, newSocket } from '../http/inject.mjs';
import { requestOf } from '../http/requests.mjs';
import { serve } from './serve.mjs';

class Program {
  #server;

  /**
   * Starts the program. With the address of a Redis it listens, and the port is returned.
   * @param input `name` of the file in programs/, `redisUrl` or null, `login` options of LoginModule
   */
  async start({ name, redisUrl, login }) {
    const { create } = await import(`../programs/${name}.mjs`);
    const client = redisUrl ? await connect(redisUrl) : undefined;
    const app = await create({ client, login });
    this.#server = app.getHttpServer();
    if (!redisUrl) {
      await app.init();
      return null;
    }

    await app.listen(0, '127.0.0.1');
    return this.#server.address().port;
  }

  /** Returns the text of the answer to one request. */
  ask(asked) {
    return injectForText(this.#server, asked);
  }

  /**
   * Makes the requests of a turn, one after the other. Returns the microseconds of CPU time of each.
   * The first tenth does not count, because other processes have emptied the caches of the CPU.
   */
  async turn({ count, ...which }) {
    const socket = newSocket();
    const uncounted = Math.floor(count / 10);
    let begin = 0;

    for (let index = 0; index < count; index += 1) {
      if (index === uncounted) begin = this.cpu();
      const asked = requestOf(which, index);
      requireSuccess(await inject(this.#server, socket, asked), asked);
    }
    return (this.cpu() - begin) / (count - uncounted);
  }

  /** Returns the microseconds of CPU time that this process has taken so far. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
}

async function connect(url) {
  const { createClient } = await import('redis');
  const client = createClient({ url, disableOfflineQueue: true });

  return client.on('error', console.error).connect();
}

serve(new Program());
