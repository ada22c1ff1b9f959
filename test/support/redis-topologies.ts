/**
 * Redis as in larger applications: behind Sentinel, as a Cluster of three nodes, and one for a single test. The tests
 * that need them start them.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

/** The address of a node. */
export interface Node {
  readonly host: string;
  readonly port: number;
}

interface Servers {
  /** A Redis on a free port, with these arguments beside; answers its port once it serves. */
  readonly start: (...args: string[]) => Promise<{ port: number; process: ChildProcess }>;
  readonly stop: () => Promise<void>;
}

const run = promisify(execFile);
const HOST = '127.0.0.1';

/** Returns the reply of a node. */
const ask = async (port: number, ...command: string[]): Promise<string> =>
  (await run('redis-cli', ['-h', HOST, '-p', String(port), ...command])).stdout;

/** Asks until the answer fits; a cluster and a failover take their time. */
async function until(what: string, fits: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await fits().catch(() => false)) return;
    await setTimeout(100);
  }
  throw new Error(`It took more than 30 seconds until ${what}.`);
}

function servers(): Servers {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-redis-'));
  const started: ChildProcess[] = [];
  return {
    start: async (...args) => {
      const port = await freePort();
      const dir = mkdtempSync(join(folder, 'node-'));
      const own = args[0] === '--sentinel' ? args.slice(1) : ['--save', '', '--appendonly', 'no', ...args];
      const config = join(dir, 'redis.conf');
      writeFileSync(config, args[0] === '--sentinel' ? `${own.join('\n')}\n` : '');
      const words = args[0] === '--sentinel' ? [config, '--sentinel'] : [config, ...own];
      const child = spawn('redis-server', [...words, '--port', String(port), '--bind', HOST, '--dir', dir], {
        stdio: 'ignore',
      });
      started.push(child);
      await until(`the Redis on port ${port} serves`, async () => (await ask(port, 'PING')).startsWith('PONG'));
      return { port, process: child };
    },
    stop: async () => {
      for (const child of started) if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One node that nobody else uses. */
export async function startOwnRedis(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { start, stop } = servers();
  const { port } = await start();
  return { url: `redis://${HOST}:${port}`, stop };
}

/** A master, a replica, and three sentinels that watch them. */
export async function startSentinel(): Promise<{
  readonly name: string;
  readonly sentinels: Node[];
  /** kills the master, and waits until the replica is the new one */
  failover(): Promise<void>;
  readonly stop: () => Promise<void>;
}> {
  const { start, stop } = servers();
  const name = 'main';
  const master = await start();
  const replica = await start('--replicaof', HOST, String(master.port));
  await until('the replica is in step', async () =>
    (await ask(replica.port, 'INFO', 'replication')).includes('master_link_status:up'),
  );
  const sentinels: Node[] = [];
  for (let made = 0; made < 3; made += 1) {
    const { port } = await start(
      '--sentinel',
      `sentinel monitor ${name} ${HOST} ${master.port} 2`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 2000`,
    );
    sentinels.push({ host: HOST, port });
  }
  const first = sentinels[0] as Node;
  await until('the sentinels know each other and the replica', async () => {
    const known = await ask(first.port, 'SENTINEL', 'MASTER', name);
    return /num-slaves\s+1\s/.test(known) && /num-other-sentinels\s+2\s/.test(known);
  });
  return {
    name,
    sentinels,
    stop,
    failover: async () => {
      master.process.kill('SIGKILL');
      await once(master.process, 'exit');
      await until('the replica was promoted', async () =>
        (await ask(first.port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)).includes(String(replica.port)),
      );
      await until('it serves as the master', async () =>
        (await ask(replica.port, 'INFO', 'replication')).includes('role:master'),
      );
    },
  };
}

/** Three masters that share the slots. */
export async function startCluster(): Promise<{ readonly nodes: Node[]; stop(): Promise<void> }> {
  const { start, stop } = servers();
  const nodes: Node[] = [];
  for (let made = 0; made < 3; made += 1) {
    const { port } = await start('--cluster-enabled', 'yes');
    nodes.push({ host: HOST, port });
  }
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  for (const { port } of nodes)
    await until('the cluster is in order', async () =>
      (await ask(port, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  return { nodes, stop };
}
