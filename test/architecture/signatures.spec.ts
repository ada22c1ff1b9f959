/** Keeps the parameters of functions few, and booleans out of them. */
import { booleanParameters, idleExemptions, longSignatures } from './signatures.js';
import { libSources, parse } from './sources.js';
import type { Sources } from './sources.js';

const planted = (text: string): Sources => parse({ 'lib/a.ts': text });

const lib = libSources();

describe('lib/', () => {
  it('has at most five parameters in a constructor, and three in every other function', () => {
    expect(longSignatures(lib)).toEqual([]);
  });

  it('takes no boolean beside another parameter', () => {
    expect(booleanParameters(lib)).toEqual([]);
  });

  it('exempts no function that has gone', () => {
    expect(idleExemptions(lib)).toEqual([]);
  });
});

describe('the rule on the number of parameters', () => {
  it.each([
    ['class Login { constructor(a, b, c, d, e, f) {} }', 'Login.constructor has 6 parameters'],
    ['class Login { constructor(private readonly a: A, b, c, d, e, ...f) {} }', 'Login.constructor has 6 parameters'],
    ['class Login { open(a, b, c, d) {} }', 'Login.open has 4 parameters'],
    ['class Login { static open(a, b, c, ...d) {} }', 'Login.open has 4 parameters'],
    ['abstract class Login { abstract open(a, b, c, d); }', 'Login.open has 4 parameters'],
    ['interface Login { open(a, b, c, d): void }', 'Login.open has 4 parameters'],
    ['class Login { readonly open = (a, b, c, d) => a; }', 'Login.open has 4 parameters'],
    ['function open(a, b, c = 1, { d }) {}', 'open has 4 parameters'],
    ['const open = function (a, b, c, d) {};', 'open has 4 parameters'],
    ['const open = { run: (a, b, c, d) => a };', 'run has 4 parameters'],
    ['run((a, b, c, d) => a);', 'a function without a name has 4 parameters'],
  ])('sees %j', (text, violation) => {
    expect(longSignatures(planted(text))).toEqual([`lib/a.ts:1 ${violation}`]);
  });

  it.each([
    'class Login { constructor(a, b, c, d, e) {} }',
    'function open(this: Login, a, b, ...c) {}',
    'const open = (a, b, { c, d, e }) => a;',
    'type Open = (a: A, b: B, c: C, d: D) => void;',
  ])('lets %j be', (text) => {
    expect(longSignatures(planted(text))).toEqual([]);
  });

  it('exempts by name, and sees an exemption that names nothing', () => {
    const text = 'class Login { open(a, b, c, d: boolean) {} }';
    const dictated = { 'Login.open': 'Another package calls it.', 'Login.close': 'Another package calls it.' };
    expect(longSignatures(planted(text), dictated)).toEqual([]);
    expect(booleanParameters(planted(text), dictated)).toEqual([]);
    expect(idleExemptions(planted(text), dictated)).toEqual(['Login.close']);
  });
});

describe('the rule on booleans', () => {
  it.each([
    ['function open(a: A, isNew: boolean) {}', 'open'],
    ['function open(isNew: boolean, a: A) {}', 'open'],
    ['function open(a: A, isNew?: boolean) {}', 'open'],
    ['function open(a: A, isNew: true | undefined | null) {}', 'open'],
    ['const open = (a: A, isNew = false) => a;', 'open'],
    ['class Login { open(a: A, isNew: (boolean | undefined)) {} }', 'Login.open'],
    ['interface Login { open(a: A, isNew: boolean): void }', 'Login.open'],
    ['class Login { constructor(a: A, private readonly isNew: boolean) {} }', 'Login.constructor'],
  ])('sees %j', (text, name) => {
    expect(booleanParameters(planted(text))).toEqual([`lib/a.ts:1 ${name} takes the boolean "isNew"`]);
  });

  it.each([
    'function open(isNew: boolean) {}',
    'function open(this: Login, isNew = true) {}',
    'function open(a: A, { isNew = false }: { isNew?: boolean }) {}',
    'function open(a: A, mode: boolean | string, ...flags: boolean[]) {}',
    'function open(a: A, isNew: () => boolean) {}',
  ])('lets %j be', (text) => {
    expect(booleanParameters(planted(text))).toEqual([]);
  });
});
