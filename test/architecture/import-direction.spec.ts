/** Keeps the imports of lib/ pointing downwards, by the table in rows.ts. */
import { rmSync } from 'node:fs';
import { cruise, type ICruiseResult, type IRegularForbiddenRuleType as Rule } from 'dependency-cruiser';
import { filesIn, plant, ROOT } from './project.js';
import { KNOW_EXPRESS, NARROWER, ROWS } from './rows.js';

/** A slow machine may take longer over the imports than jest waits by itself, in milliseconds. */
const PATIENCE = 60_000;

const isFolder = (name: string) => name.endsWith('/');
const pattern = (name: string) => `^lib/${name.replaceAll('.', '\\.')}${isFolder(name) ? '' : '$'}`;

/** The table as rules of dependency-cruiser. */
function rules(): Rule[] {
  const forbid = (name: string, from: Rule['from'], to: Rule['to']): Rule => ({ name, severity: 'error', from, to });
  const directions = ROWS.flatMap((row, height) =>
    row.map((name) => {
      const own = isFolder(name) ? [name] : row;
      const others = NARROWER[name] ?? ROWS.slice(0, height).flat();
      const allowed = [...own, ...others].map(pattern);
      return forbid(`direction of ${name}`, { path: pattern(name) }, { path: '^lib/', pathNot: allowed });
    }),
  );
  return [
    ...directions,
    forbid(
      'no index inside',
      { path: '^lib/', pathNot: '^lib/testing/' },
      { path: ['^lib/index\\.ts$', '^lib/.*/index\\.ts$'] },
    ),
    forbid('no index inside', { path: '^lib/testing/' }, { path: '^lib/.*/index\\.ts$' }),
    forbid('no cycle', { path: '^lib/' }, { circular: true }),
    forbid('nothing outside lib', { path: '^lib/' }, { dependencyTypes: ['local'], pathNot: '^lib/' }),
    forbid(
      'Express stays inside',
      { path: '^lib/', pathNot: KNOW_EXPRESS.map(pattern) },
      { path: '(^|node_modules/)(@types/)?express(-session|-serve-static-core)?(/|$)' },
    ),
    forbid('declared packages only', { path: '^lib/' }, { dependencyTypesNot: ['npm', 'npm-peer', 'core', 'local'] }),
  ];
}

/**
 * Reads the imports of lib/ below a folder. Returns all of them, and each one that breaks a rule, as `file -> import`.
 */
async function check(root: string) {
  const options = {
    baseDir: root,
    validate: true,
    doNotFollow: '(^|/)node_modules/',
    tsPreCompilationDeps: true,
    ruleSet: { forbidden: rules() },
  };
  const { output } = await cruise(['lib'], options, {
    exportsFields: ['exports'],
    conditionNames: ['import', 'types'],
  });
  const { modules, summary } = output as ICruiseResult;
  return {
    read: modules.map(({ source }) => source).filter((source) => source.startsWith('lib/')),
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort(),
  };
}

/** The files that no row of the table holds. */
const homeless = (files: readonly string[]) =>
  files.filter((file) => !ROWS.flat().some((name) => new RegExp(pattern(name)).test(file)));

describe('lib/', () => {
  it('has a row in the table for every file: a new folder is put into rows.ts first', () => {
    expect(homeless(filesIn('lib'))).toEqual([]);
  });

  it(
    'imports downwards only, in no circle, and only packages that an installation brings',
    async () => {
      const { read, violations } = await check(ROOT);
      expect(violations).toEqual([]);
      expect(read.sort()).toEqual(filesIn('lib').filter((file) => file.endsWith('.ts')));
    },
    PATIENCE,
  );
});

describe('the rule itself', () => {
  it('sees a file without a row', () => {
    expect(homeless(['lib/guards/a.ts', 'lib/helpers/b.ts', 'lib/helper.ts', 'lib/index.ts'])).toEqual([
      'lib/helpers/b.ts',
      'lib/helper.ts',
    ]);
  });

  it(
    'sees each kind of forbidden import, type-only ones too, and lets the allowed ones be',
    async () => {
      const root = plant({
        'package.json':
          '{ "name": "planted", "peerDependencies": { "peer": "1" }, "devDependencies": { "peer": "1", "dev": "1" } }',
        'node_modules/peer/package.json': '{ "name": "peer" }',
        'node_modules/peer/index.js': '',
        'node_modules/dev/package.json': '{ "name": "dev" }',
        'node_modules/dev/index.js': '',
        'lib/exceptions/up.ts': "import type { B } from '../guards/b.js';\nexport type A = B;\n",
        'lib/exceptions/base.ts': 'export const base = 1;\n',
        'lib/events/neighbour.ts': "export { read } from '../http/read.js';\n",
        'lib/http/read.ts': "import 'node:http';\nimport 'peer';\nimport 'dev';\nexport const read = 1;\n",
        'lib/express/enter.ts': "import 'express';\nimport '../http/read.js';\n",
        'lib/user/one.ts': "import type { Two } from './two.js';\nexport type One = Two | 1;\n",
        'lib/user/two.ts': "import type { One } from './one.js';\nexport type Two = One[];\n",
        'lib/guards/b.ts': "import { base } from '../exceptions/base.js';\nexport type B = typeof base;\n",
        'lib/guards/express.ts': "import type { Request } from 'express';\nexport type R = Request;\n",
        'lib/guards/inline.ts': "export type I = import('express-session').Session;\n",
        'lib/guards/late.ts': "export const late = () => import('../decorators/late.js');\n",
        'lib/decorators/late.ts': "export * from '../index.js';\n",
        'lib/stores/store.ts':
          "import '../http/read.js';\nimport '../logins/port.js';\nimport '../exceptions/base.js';\n",
        'lib/logins/port.ts': 'export const port = 1;\n',
        'lib/testing/index.ts': "export { read } from './read.js';\n",
        'lib/testing/read.ts': "import '../index.js';\nexport { read } from '../http/read.js';\n",
        'lib/index.ts': "export { port } from './logins/port.js';\nexport { help } from '../scripts/help.js';\n",
        'scripts/help.ts': 'export const help = 1;\n',
      });
      try {
        expect((await check(root)).violations).toEqual([
          'Express stays inside: lib/guards/express.ts -> express',
          'Express stays inside: lib/guards/inline.ts -> express-session',
          'declared packages only: lib/express/enter.ts -> express',
          'declared packages only: lib/guards/express.ts -> express',
          'declared packages only: lib/guards/inline.ts -> express-session',
          'declared packages only: lib/http/read.ts -> node_modules/dev/index.js',
          'direction of decorators/: lib/decorators/late.ts -> lib/index.ts',
          'direction of events/: lib/events/neighbour.ts -> lib/http/read.ts',
          'direction of exceptions/: lib/exceptions/up.ts -> lib/guards/b.ts',
          'direction of guards/: lib/guards/late.ts -> lib/decorators/late.ts',
          'direction of stores/: lib/stores/store.ts -> lib/http/read.ts',
          'direction of testing/: lib/testing/read.ts -> lib/http/read.ts',
          'no cycle: lib/user/one.ts -> lib/user/two.ts',
          'no index inside: lib/decorators/late.ts -> lib/index.ts',
          'nothing outside lib: lib/index.ts -> scripts/help.ts',
        ]);
      } finally {
        rmSync(root, { recursive: true });
      }
    },
    PATIENCE,
  );
});
