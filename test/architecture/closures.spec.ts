/** Keeps closures of lib/ from assigning to variables outside of them: a function returns its result. */
import { outerAssignments } from './closures.js';
import { libSources, parse } from './sources.js';

const assignments = (text: string): string[] => outerAssignments(parse({ 'lib/a.ts': text }));

const lib = libSources();

describe('lib/', () => {
  it('has no closure that assigns to a variable or parameter of a function around it', () => {
    expect(outerAssignments(lib)).toEqual([]);
  });
});

describe('the rule itself', () => {
  it.each([
    'function f() { let a; run(() => { a = 1; }); }',
    'function f() { let a; run(() => (a = 1)); }',
    'function f() { var a; function g() { a += 1; } }',
    'function f() { let a; run(() => a++); }',
    'function f() { let a; run(() => --a); }',
    'function f() { let a; run(() => { a ??= 1; }); }',
    'function f() { let a; run(() => { ({ a } = b); }); }',
    'function f() { let a; run(() => { ({ b: [c.d, a = 1] } = b); }); }',
    'function f() { let a; run(() => { [...a] = b; }); }',
    'function f() { let a; run(() => { for (a of b) run(); }); }',
    'function f(a) { run(() => { a = 1; }); }',
    'function f({ a }) { run(() => { a = 1; }); }',
    'function f() { let a; return class { g() { a = 1; } }; }',
    'class A { f() { let a; return new Promise((b) => { (a as B) = b; }); } }',
    'run(() => { let a; run(() => run(() => { a = 1; })); });',
  ])('sees the assignment in %j', (text) => {
    expect(assignments(text)).toEqual(['lib/a.ts:1 assigns to "a" of a function around it']);
  });

  it.each([
    'let a; function f() { a = 1; }',
    'function f() { let a; a = 1; for (const b of c) a += b; }',
    'function f(a) { a = 1; }',
    'function f() { const a = {}; run(() => { a.b = 1; a["c"] += 1; }); }',
    'class A { f() { run(() => { this.a = 1; this.#b++; }); } }',
    'function f() { let a; run((a) => { a = 1; }); }',
    'function f() { let a = 1; run(() => { const b = -a; return { a }; }); }',
    'function f() { let a; run(() => { ({ a: b.c } = d); }); }',
  ])('lets %j be', (text) => {
    expect(assignments(text)).toEqual([]);
  });
});
