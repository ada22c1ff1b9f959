/**
 * Holds the package against Flask-Login's recorded behaviour (CONTRACT.md): every scenario passes, on every storage.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED_STORAGES } from '../support/nodes.js';
import type { SharedStorage } from '../support/nodes.js';
import { describeOn } from '../support/servers.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const FIXTURE = 'build/test/conformance/fixture/main.js';
const COUNT = 204;
/** Milliseconds that all scenarios may take on one storage. */
const LONGEST = 240_000;
const LONGEST_FIXTURE = 480;
/** The public API, Nest, and nothing by which the answers could be looked up. */
const ALLOWED =
  /^(nestjs-login(\/redis|\/sql)?|redis|ioredis|pg|libsql|@nestjs\/[a-z-]+|reflect-metadata|node:(?!fs)[a-z_/]+|\.\/[a-z-]+\.js)$/;

const read = (file: string) => readFileSync(join(HERE, file), 'utf8');
const scenarios = readdirSync(join(HERE, 'scenarios'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''));

const STORAGES: readonly SharedStorage[] = [
  {
    name: 'memory',
    servers: [],
    make: async () => ({
      config: {},
      left: async () => ({ records: 0, values: 0 }),
      close: async () => undefined,
    }),
  },
  ...SHARED_STORAGES,
];

/** Every scenario once; answers the lines of run.mjs. Its exit code says only whether some failed. */
function play(storage: object): Promise<string[]> {
  const options = {
    '--start': `node ${FIXTURE} {port} {config} ${Object.keys(storage).length ? JSON.stringify(storage) : ''}`,
    '--scenarios': join(HERE, 'scenarios'),
    '--expect': join(HERE, 'transcripts/flask-login-0.6.2.json'),
    '--jobs': '2',
  };
  const args = [join(HERE, 'run.mjs'), '--verbose', ...Object.entries(options).flat()];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: ROOT, timeout: LONGEST }, (error, output, complaints) => {
      if (error && error.code !== 1) reject(new Error(`run.mjs did not finish: ${error.message} ${complaints}`));
      else resolve(output.split('\n'));
    });
  });
}

describe.each(STORAGES)('conformance with Flask-Login on $name', ({ name: storageName, servers, make }) => {
  describeOn(servers, 'of every scenario', () => {
    const failures = new Map<string, string>();
    const passed = new Set<string>();
    let storage: Awaited<ReturnType<SharedStorage['make']>>;

    beforeAll(async () => {
      if (!existsSync(join(ROOT, FIXTURE)))
        throw new Error(`${FIXTURE} is missing: build it first with \`npm run fixture:build\`.`);
      storage = await make();
      for (const line of await play(storage.config)) {
        const [, word, name = ''] = /^(ok|FAIL) +([^ :]+)/.exec(line) ?? [];
        if (word === 'ok') passed.add(name);
        else if (word === 'FAIL') failures.set(name, line);
      }
      process.stdout.write(`conformance on ${storageName}: ${passed.size} of ${COUNT} pass\n`);
    }, LONGEST);
    afterAll(() => storage?.close());

    it(`plays all ${COUNT}`, () => {
      expect(scenarios).toHaveLength(COUNT);
      expect([...passed, ...failures.keys()].sort()).toEqual(scenarios.toSorted());
    });

    it('passes every one of them', () => {
      expect([...failures.values()]).toEqual([]);
    });
  });
});

describe('the fixture', () => {
  const files = readdirSync(join(HERE, 'fixture')).map((file) => ({ file, text: read(join('fixture', file)) }));

  it(`has no more than ${LONGEST_FIXTURE} lines`, () => {
    expect(files.flatMap(({ text }) => text.trimEnd().split('\n')).length).toBeLessThanOrEqual(LONGEST_FIXTURE);
  });

  it('stands on the public API and Nest alone', () => {
    const foreign = files.flatMap(({ file, text }) =>
      [...text.matchAll(/(\bimport type [^;]*?)?(?:\bfrom|\bimport|\brequire)\s*\(?\s*'([^']*)'/g)]
        .filter(([, type, from = '']) => !ALLOWED.test(from) && !(type && from === 'express'))
        .map(([, , from]) => `${file} imports ${from}`),
    );
    expect(foreign).toEqual([]);
  });
});
