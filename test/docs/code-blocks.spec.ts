/** Runs the code of the documents past the sample and the compiler. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import ts from 'typescript';
import { FreshLoginRequiredException, LoginRequiredException } from 'nestjs-login';
import { ROOT } from '../architecture/project.js';
import { blocks, DOCUMENTS, read } from './documents.js';

/** A slow machine may take longer over the compiler than jest waits by itself, in milliseconds. */
const PATIENCE = 60_000;
const readme = read('README.md');

/** Returns lines without the indentation that all of them share. */
function unindented(lines: readonly string[]): string {
  const depths = lines.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const depth = Math.min(...depths);
  return lines.map((line) => line.slice(depth).trimEnd()).join('\n');
}

/** Tells whether the text has the code in lines that follow each other. */
function standsIn(code: string, text: string): boolean {
  const wanted = code.trimEnd().split('\n');
  const lines = text.split('\n');
  return lines.some((_, at) => unindented(lines.slice(at, at + wanted.length)) === unindented(wanted));
}

/** Returns the messages of the compiler on these files. They are compiled in the folder of the sample. */
function complaints(texts: readonly string[]): string[] {
  const silent = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const { options = {} } = ts.getParsedCommandLineOfConfigFile(join(ROOT, 'tsconfig.json'), {}, silent) ?? {};
  const files = new Map(texts.map((text, at) => [join(ROOT, `sample/01-quick-start/readme-${at}.ts`), text]));
  const host = ts.createCompilerHost(options);
  const planted = {
    ...host,
    fileExists: (file: string) => files.has(file) || host.fileExists(file),
    readFile: (file: string) => files.get(file) ?? host.readFile(file),
    getSourceFile: (file: string, language: ts.ScriptTarget | ts.CreateSourceFileOptions) => {
      const text = files.get(file);
      return text === undefined ? host.getSourceFile(file, language) : ts.createSourceFile(file, text, language);
    },
  };
  const program = ts.createProgram([...files.keys()], { ...options, noEmit: true }, planted);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => !file || files.has(file.fileName))
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}

describe('the README', () => {
  const samples = blocks(readme).filter(({ source }) => source !== undefined);

  it('shows the sample first: module, user loader, login and guarded handler', () => {
    expect(samples.map(({ source }) => source)).toEqual([
      'sample/01-quick-start/app.module.ts',
      'sample/01-quick-start/users.service.ts',
      'sample/01-quick-start/account.controller.ts',
      'sample/01-quick-start/account.controller.ts',
    ]);
  });

  it.each(samples)('shows code of $source word for word: $code', ({ source = '', code }) => {
    expect(existsSync(join(ROOT, source))).toBe(true);
    expect(standsIn(code, read(source))).toBe(true);
  });

  it(
    'and the guides show other code that compiles, and a Register that counts',
    () => {
      const own = DOCUMENTS.flatMap((document) => blocks(read(document))).filter(
        ({ language, source }) => language === 'ts' && !source,
      );
      expect(own.length).toBeGreaterThan(10);
      const registered = `import type { LoginUser } from 'nestjs-login';
        import type { User } from './users.service.js';
        export const user: User = undefined as unknown as LoginUser;`;
      expect(complaints([...own.map(({ code }) => code), registered])).toEqual([]);
    },
    PATIENCE,
  );

  it('and the guides show scripts for the browser that can be read', () => {
    const scripts = DOCUMENTS.flatMap((document) => blocks(read(document))).filter(({ language }) => language === 'js');
    expect(scripts.length).toBeGreaterThan(0);
    for (const { code } of scripts) expect(() => new Script(`async () => {${code}}`)).not.toThrow();
  });

  it('shows the 401 as it is', () => {
    const shown = blocks(readme).filter(({ language }) => language === 'json');
    expect(shown.map(({ code }) => JSON.parse(code) as unknown)).toEqual([new LoginRequiredException().getResponse()]);
    expect(readme).toContain(new FreshLoginRequiredException().code);
  });
});

describe('the rule itself', () => {
  it('sees a sample that differs by a word, and one whose lines do not follow each other', () => {
    const text = '  one {\n    two();\n  }\n  three();\n';
    expect(standsIn('one {\n  two();\n}\n', text)).toBe(true);
    expect(standsIn('one {\n  too();\n}\n', text)).toBe(false);
    expect(standsIn('one {\n}\n', text)).toBe(false);
    expect(standsIn('one {\ntwo();\n}\n', text)).toBe(false);
  });

  it(
    'sees code that does not compile',
    () => {
      expect(complaints([`import { NoSuchThing } from 'nestjs-login';\nexport const a = NoSuchThing;`])).not.toEqual(
        [],
      );
    },
    PATIENCE,
  );
});
