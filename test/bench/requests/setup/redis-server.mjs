/** Runs an empty Redis on a free port of 127.0.0.1, and reads its statistics. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { endWithUs } from '../hosts/child.mjs';

const HOST = '127.0.0.1';
/** The system hands out only ports above these. */
const [FIRST_PORT, LAST_PORT] = [10_000, 22_000];

async function freePort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const probe = createServer().listen(port, HOST);
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;

    probe.close();
    await once(probe, 'close');
    return port;
  }
  throw new Error(`No port between ${FIRST_PORT} and ${LAST_PORT} is free.`);
}

export class RedisServer {
  #process;
  #client;

  /** Returns a Redis that accepts connections. */
  static async start() {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-bench-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const args = ['--port', `${port}`, '--bind', HOST, '--save', '', '--appendonly', 'no', '--dir', folder];
    const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    endWithUs(server);

    await untilReady(server);
    const { createClient } = await import('redis');
    const url = `redis://${HOST}:${port}`;
    return new RedisServer(server, url, await createClient({ url }).on('error', console.error).connect());
  }

  constructor(server, url, client) {
    this.#process = server;
    this.#client = client;
    this.url = url;
  }

  async version() {
    return /redis_version:(\S+)/.exec(await this.#client.info('server'))[1];
  }

  /** Deletes everything. */
  async empty() {
    await this.#client.flushAll('SYNC');
  }

  async usedMemory() {
    return Number(/used_memory:(\d+)/.exec(await this.#client.info('memory'))[1]);
  }

  async resetStatistics() {
    await this.#client.configResetStat();
  }

  /** The time of a script includes the commands that it calls. */
  async timesOfCommands() {
    const lines = (await this.#client.info('commandstats')).matchAll(/cmdstat_(\S+?):.*usec_per_call=([\d.]+)/g);

    return new Map([...lines].map(([, command, time]) => [command, Number(time)]));
  }

  /** Returns the commands that clients send during the work, in lower case, without the calls of scripts. */
  async commandsDuring(work) {
    const sent = [];
    const watcher = await this.#client.duplicate().on('error', console.error).connect();
    await watcher.monitor((line) => {
      const [, source, command] = /^\S+ \[\d+ (\S+)\] "([^"]*)"/.exec(String(line)) ?? [];
      if (source !== 'lua') sent.push(command.toLowerCase());
    });

    await work();
    // A command that no request waits for comes late.
    await setTimeout(100);
    watcher.destroy();
    return sent;
  }

  async end() {
    this.#client.destroy();
    const ended = once(this.#process, 'exit');
    if (this.#process.exitCode === null && this.#process.kill()) await ended;
  }
}

async function untilReady(server) {
  const failed = once(server, 'error').then(([error]) => {
    throw new Error('redis-server does not start: install it, or measure with `--only in-process`.', { cause: error });
  });
  await Promise.race([failed, readyLine(server)]);
}

async function readyLine(server) {
  for await (const line of server.stdout.iterator({ destroyOnReturn: false }))
    if (String(line).includes('Ready to accept')) {
      server.stdout.resume();
      return;
    }
  throw new Error('redis-server ended before it was ready.');
}
