/** Keeps Express inside lib/express/. */
import { expressNames, idleAllowances } from './express-names.js';
import { libSources, parse } from './sources.js';

const named = (text: string, file = 'lib/user/a.ts'): string[] => expressNames(parse({ [file]: text }), []);

const lib = libSources();

describe('lib/', () => {
  it('names Express in lib/express/ alone', () => {
    expect(expressNames(lib)).toEqual([]);
  });

  it('has every word that is allowed elsewhere', () => {
    expect(idleAllowances(lib)).toEqual([]);
  });
});

describe('the rule itself', () => {
  it.each([
    ["import session from 'express-session';", "'express-session'"],
    ["type A = import('express').Request;", "'express'"],
    ["import type { NestExpressApplication } from './nest.js';", 'NestExpressApplication'],
    ['const a = b.expressApp;', 'expressApp'],
    ['class A { #express = 1; }', '#express'],
    ["const a = 'The application runs on Express.';", "'The application runs on Express.'"],
    ['const a = `Express ${b} c`;', '`Express ${'],
    ['const a = `a ${b} of Express ${c} d`;', '} of Express ${'],
    ['const a = `a ${b} of Express`;', '} of Express`'],
    ['const a = /express$/;', '/express$/'],
    ["import { a } from '../express/a.js';", "'../express/a.js'"],
  ])('sees %j', (text, what) => {
    expect(named(text)).toEqual([`lib/user/a.ts:1 names Express: ${what}`]);
  });

  it.each(['/** What Express does. */\nconst a = 1; // express-session', "const expression = 'a regular expression';"])(
    'lets %j be',
    (text) => {
      expect(named(text)).toEqual([]);
    },
  );
});

describe('the exceptions to the rule', () => {
  it('let lib/express/ be, and a folder of that name elsewhere not', () => {
    const text = "import session from 'express-session';";
    expect(named(text, 'lib/express/a.ts')).toEqual([]);
    expect(named(text, 'lib/http/express/a.ts')).toHaveLength(1);
  });

  it('let the module import its adapter, and use what it has imported', () => {
    const text = "import { checkExpress } from './express/check.js';\ncheckExpress(a);";
    expect(named(text, 'lib/login.module.ts')).toEqual([]);
    expect(named(`${text}\nexpressOf(a);`, 'lib/login.module.ts')).toEqual([
      'lib/login.module.ts:3 names Express: expressOf',
    ]);
    expect(named(text, 'lib/index.ts')).toHaveLength(3);
  });

  it('allow a word in one file, and see an allowance that names nothing', () => {
    const sources = parse({ 'lib/a.ts': "const a = 'express';", 'lib/b.ts': "const a = 'express';" });
    const reason = 'A user reads it.';
    const allowed = ['lib/a.ts', 'lib/c.ts'].map((file) => ({ file, text: 'express', reason }));
    expect(expressNames(sources, allowed)).toEqual(["lib/b.ts:1 names Express: 'express'"]);
    expect(idleAllowances(sources, allowed)).toEqual(['lib/c.ts express']);
  });
});
