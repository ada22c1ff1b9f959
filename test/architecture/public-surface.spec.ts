/** Guards the public surface: the exported names, a docstring on each, and no `any` among their types. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plant } from './project.js';
import { anys, compile, exportLines, reconcile, subpaths, undocumented, type Surface } from './surface.js';

const RECORD = join(import.meta.dirname, 'public-exports.txt');

/** A slow machine may take longer over the compiler than jest waits by itself, in milliseconds. */
const PATIENCE = 60_000;

describe('the public surface', () => {
  let surface: Surface;
  beforeAll(() => {
    surface = compile(subpaths());
  }, PATIENCE);

  it(
    'exports the names of public-exports.txt, no more and no less',
    () => {
      const recorded = existsSync(RECORD) ? readFileSync(RECORD, 'utf8').split('\n').filter(Boolean) : [];
      const accepted = reconcile(recorded, exportLines(surface), process.env);
      if (accepted) writeFileSync(RECORD, accepted);
    },
    PATIENCE,
  );

  it('explains every export, every public member of a class and every option in a docstring', () => {
    expect(undocumented(surface)).toEqual([]);
  });

  it(
    'hands out no any',
    () => {
      expect(anys(surface)).toEqual([]);
    },
    PATIENCE,
  );
});

describe('the rule itself', () => {
  let root: string;
  let surface: Surface;
  beforeAll(() => {
    root = plant({
      'lib/index.ts': `
        import type { Port } from './port.js';
        export type { Port } from './port.js';
        export { loose, Silent } from './port.js';
        export type { Typed } from './port.js';
        /** Told. */
        export class Told<T> implements Port {
          /** Told. */
          static told = 1;
          static silent = 2;
          #own = 3;
          private readonly hidden: any = this.#own;
          protected shy = this.hidden as string;
          constructor(readonly open: T, protected readonly closed: T) {}
          inherited(): void {}
          silent(): T { return this.open; }
          /** Told. */
          get told(): string { return this.shy; }
        }
        /** Told. */
        export interface ToldOptions {
          /** Told. */
          told: string;
          silent: string;
        }
        /** Told. */
        export interface Fields { silent: string }
        /** @deprecated says nothing of what it is */
        export const tagged = (): unknown[] => [];
        /** Told. */
        export const inferred = () => JSON.parse('1');
      `,
      'lib/port.ts': `
        /** Told. */
        export interface Port {
          /** Told by the port. */
          inherited(): void;
        }
        /** Told. */
        export function loose(list: Map<string, any[]>, strict: unknown): void {}
        export class Silent {
          /** Told. */
          method(callback: (value: any) => void): void {}
        }
        /** Told. */
        export class Typed {}
      `,
    });
    surface = compile({ planted: 'lib/index.ts' }, root);
  }, PATIENCE);
  afterAll(() => rmSync(root, { recursive: true }));

  it('lists each name with its kind', () => {
    expect(exportLines(surface)).toEqual([
      'planted: Fields (interface)',
      'planted: Port (interface)',
      'planted: Silent (class)',
      'planted: Told (class)',
      'planted: ToldOptions (interface)',
      'planted: Typed (type)',
      'planted: inferred (const)',
      'planted: loose (function)',
      'planted: tagged (const)',
    ]);
  });

  it('sees what has no docstring', () => {
    expect(undocumented(surface)).toEqual([
      'planted: Silent',
      'planted: Told.open',
      'planted: Told.silent',
      'planted: Told.silent',
      'planted: ToldOptions.silent',
      'planted: tagged',
    ]);
  });

  it('sees an any that is written and one that is inferred, however deep', () => {
    expect(anys(surface)).toEqual([
      'lib/port.d.ts: loose.list',
      'lib/port.d.ts: Silent.method.callback.value',
      'lib/index.d.ts: inferred',
    ]);
  });

  it('says which names came and went, and records them only when told so outside of CI', () => {
    const [recorded, actual] = [
      ['planted: gone (class)', 'planted: kept (type)'],
      ['planted: kept (type)', 'planted: new (const)'],
    ];
    const message = /\n {2}\+ planted: new \(const\)\n {2}- planted: gone \(class\)\n.*UPDATE_EXPORTS=1 npm test/;
    expect(() => reconcile(recorded, actual, {})).toThrow(message);
    expect(reconcile(recorded, actual, { UPDATE_EXPORTS: '1' })).toBe('planted: kept (type)\nplanted: new (const)\n');
    expect(() => reconcile(recorded, actual, { UPDATE_EXPORTS: '1', CI: 'true' })).toThrow('refused where CI is set');
    expect(reconcile(actual, actual, { UPDATE_EXPORTS: '1', CI: 'true' })).toBeUndefined();
  });
});
