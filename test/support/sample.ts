/** Starts a sample in a process of its own, by the last command of its npm script. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';

/** A sample that serves. */
export interface RunningSample {
  /** http://localhost:PORT */
  readonly home: string;
  /** the folder that it keeps its files in */
  readonly data: string;
  /** Ends it, by a signal that it can answer or by one that it cannot. */
  readonly end: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
}

/** Further environment variables. */
export async function startSample(
  script: 'start' | 'start:quick-start',
  env: Readonly<Record<string, string>> = {},
  log: 'inherit' | 'ignore' = 'inherit',
): Promise<RunningSample> {
  execFileSync(process.execPath, ['scripts/prepare.mjs', 'sample'], { stdio: 'inherit' });
  const port = env.PORT ?? String(await freePort());
  const data = env.DATA ?? mkdtempSync(join(tmpdir(), 'nestjs-login-sample-'));
  const server = spawn(lastCommand(script), {
    shell: true,
    env: { ...process.env, NODE_ENV: 'development', ...env, DATA: data, PORT: port },
    stdio: ['ignore', 'pipe', log],
  });
  let isServing = false;
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false }))
    if ((isServing = String(chunk).includes('Open http://'))) break;
  if (!isServing) throw new Error(`"npm run ${script}" has ended before it served.`);
  server.stdout.resume();
  return {
    home: `http://localhost:${port}`,
    data,
    end: async (signal = 'SIGTERM') => {
      if (server.exitCode === null && server.signalCode === null && server.kill(signal)) await once(server, 'exit');
      if (env.DATA === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The program that the script runs after the build. */
function lastCommand(script: string): string {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const command = scripts[script]?.split('&&').at(-1)?.trim();
  if (!command?.startsWith('exec node'))
    throw new Error(`The last command of "npm run ${script}" is not "exec node ...": ${command}`);
  return command;
}
