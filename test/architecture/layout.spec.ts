/** Keeps functions, lines and files of lib/ short, with blank lines between the steps of a function. */
import { crowdedFunctions, longFiles, longFunctions, longLines } from './layout.js';
import { libSources, parse } from './sources.js';
import type { Sources } from './sources.js';

/** A file of lib/ with these lines. */
const planted = (...lines: readonly string[]): Sources => parse({ 'lib/a.ts': lines.join('\n') });

const calls = (count: number): string[] => Array.from({ length: count }, () => 'step();');

const lib = libSources();

describe('lib/', () => {
  it('has blank lines between the steps of every function over 12 lines', () => {
    expect(crowdedFunctions(lib)).toEqual([]);
  });

  it('has no function over 40 lines', () => {
    expect(longFunctions(lib)).toEqual([]);
  });

  it('has no line over 120 characters', () => {
    expect(longLines(lib)).toEqual([]);
  });

  it('has no file over 180 lines that are neither blank nor comment', () => {
    expect(longFiles(lib)).toEqual([]);
  });
});

describe('the rule on blank lines', () => {
  it.each([
    ['function crowded() {', '}', 'crowded'],
    ['const crowded = async () => {', '};', 'crowded'],
    ['class Login { crowded() {', '} }', 'Login.crowded'],
    ['class Login { get crowded() {', '} }', 'Login.crowded'],
    ['class Login { constructor() {', '} }', 'Login.constructor'],
    ['run(() => {', '});', 'a function without a name'],
  ])('sees 13 lines without one in %j', (open, close, name) => {
    expect(crowdedFunctions(planted(open, ...calls(13), close))).toEqual([
      `lib/a.ts:1 ${name} has 13 lines and no blank line`,
    ]);
    expect(crowdedFunctions(planted(open, ...calls(6), '', ...calls(6), close))).toEqual([]);
    expect(crowdedFunctions(planted(open, ...calls(12), close))).toEqual([]);
  });

  it.each([
    ['a template literal', ['sql`', '', '`;']],
    ['a function inside', ['run(() => {', 'step();', '', 'step();', '});']],
  ])('does not count a blank line in %s', (_, lines) => {
    const crowded = planted('function crowded() {', ...lines, ...calls(13), '}');
    expect(crowdedFunctions(crowded)).toEqual([`lib/a.ts:1 crowded has ${lines.length + 13} lines and no blank line`]);
  });

  it('sees the steps inside a block that is the only statement', () => {
    const crowded = planted('function crowded() {', 'try {', ...calls(12), '} finally { step(); }', '}');
    expect(crowdedFunctions(crowded)).toEqual(['lib/a.ts:1 crowded has 14 lines and no blank line']);
  });

  it.each([
    ['an object', ['return {', ...Array.from({ length: 12 }, (_, at) => `a${at}: 1,`), '};']],
    ['a template literal', ['return `', ...calls(12), '`;']],
    ['a function', ['return run(() => {', ...calls(6), '', ...calls(6), '});']],
    ['a condition', ['if (', ...Array.from({ length: 12 }, () => 'a ||'), 'b) { return; }']],
  ])('lets a function be that is one step with %s', (_, lines) => {
    expect(crowdedFunctions(planted('function single() {', ...lines, '}'))).toEqual([]);
  });
});

describe('the rules on length', () => {
  it('see a function of 41 lines, and do not count its docstring', () => {
    const docstring = ['/**', ' * Runs', ' */'];
    expect(longFunctions(planted(...docstring, 'function long() {', ...calls(39), '}'))).toEqual([
      'lib/a.ts:4 long has 41 lines',
    ]);
    expect(longFunctions(planted(...docstring, 'function short() {', ...calls(38), '}'))).toEqual([]);
  });

  it('see a function of 41 lines that is an expression', () => {
    expect(longFunctions(planted('const long = () => [', ...Array.from({ length: 39 }, () => '1,'), '];'))).toEqual([
      'lib/a.ts:1 long has 41 lines',
    ]);
  });

  it('see a line of 121 characters in code, comments and template literals', () => {
    const filled = (length: number): string[] => [`a = '${'x'.repeat(length - 7)}';`, `// ${'x'.repeat(length - 3)}`];
    const text = (length: number): string[] => ['sql`', 'x'.repeat(length), '`;'];
    expect(longLines(planted(...filled(120), ...text(120)))).toEqual([]);
    expect(longLines(planted(...filled(121), ...text(121)))).toEqual([
      'lib/a.ts:1 121 characters',
      'lib/a.ts:2 121 characters',
      'lib/a.ts:4 121 characters',
    ]);
  });

  it('see a file of 181 lines of code, and do not count blank lines and comments', () => {
    const air = ['/** Says', ' * what', ' */', '', '// why', '/* and */'];
    const text = ['sql`', '', '-- no comment', '`;'];
    expect(longFiles(planted(...air, ...text, ...calls(177)))).toEqual([]);
    expect(longFiles(planted(...air, ...text, ...calls(178)))).toEqual(['lib/a.ts:1 181 lines of code']);
  });
});
