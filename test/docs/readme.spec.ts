/** Holds the manual against the code: its samples, tables, exports and links, and the tests that SECURITY.md names. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Script } from 'node:vm';
import ts from 'typescript';
import { FreshLoginRequiredException, LoginRequiredException } from 'nestjs-login';
import { LONGEST_TOKEN } from '../../lib/remember-me/remember-token.js';
import { filesIn, ROOT } from '../architecture/project.js';
import { subpaths } from '../architecture/surface.js';

/** A slow machine may take longer over the compiler than jest waits by itself, in milliseconds. */
const PATIENCE = 60_000;
const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesIn('docs').filter((file) => file.endsWith('.md')),
];

/** What Flask-Login 0.6.2 hands out: `__all__` of the package, and what it says of itself beside that. */
const FLASK_LOGIN = [
  '__version__', 'AUTH_HEADER_NAME', 'COOKIE_DURATION', 'COOKIE_HTTPONLY', 'COOKIE_NAME', 'COOKIE_SECURE',
  'ID_ATTRIBUTE', 'LOGIN_MESSAGE', 'LOGIN_MESSAGE_CATEGORY', 'REFRESH_MESSAGE', 'REFRESH_MESSAGE_CATEGORY',
  'LoginManager', 'AnonymousUserMixin', 'UserMixin', 'session_protected', 'user_accessed', 'user_loaded_from_cookie',
  'user_loaded_from_request', 'user_logged_in', 'user_logged_out', 'user_login_confirmed', 'user_needs_refresh',
  'user_unauthorized', 'FlaskLoginClient', 'confirm_login', 'current_user', 'decode_cookie', 'encode_cookie',
  'fresh_login_required', 'login_fresh', 'login_remembered', 'login_required', 'login_url', 'login_user', 'logout_user',
  'make_next_param', 'set_login_view', 'user_loaded_from_header',
  // attributes and methods of LoginManager
  'anonymous_user', 'login_view', 'blueprint_login_views', 'login_message', 'login_message_category', 'refresh_view',
  'needs_refresh_message', 'needs_refresh_message_category', 'session_protection', 'localize_callback',
  'unauthorized_callback', 'needs_refresh_callback', 'id_attribute', 'setup_app', 'init_app', 'unauthorized',
  'user_loader', 'user_callback', 'request_loader', 'request_callback', 'unauthorized_handler',
  'needs_refresh_handler', 'needs_refresh', 'header_loader',
  // of its users
  'is_active', 'is_authenticated', 'is_anonymous', 'get_id',
  // what it reads from the configuration
  'SECRET_KEY', 'REMEMBER_COOKIE_NAME', 'REMEMBER_COOKIE_DURATION', 'REMEMBER_COOKIE_DOMAIN', 'REMEMBER_COOKIE_PATH',
  'REMEMBER_COOKIE_SECURE', 'REMEMBER_COOKIE_HTTPONLY', 'REMEMBER_COOKIE_SAMESITE',
  'REMEMBER_COOKIE_REFRESH_EACH_REQUEST', 'SESSION_PROTECTION', 'LOGIN_DISABLED', 'EXEMPT_METHODS',
  'USE_SESSION_FOR_NEXT', 'FORCE_HOST_FOR_REDIRECTS',
]; // prettier-ignore

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const readme = read('README.md');

interface Block {
  readonly language: string;
  /** the file of the sample that the block is taken from */
  readonly source: string | undefined;
  readonly code: string;
}

/** The fenced blocks of a text. */
function blocks(text: string): Block[] {
  return [...text.matchAll(/(?:^<!-- (\S+) -->\n)?^```(\w+)\n([^]*?)^```$/gm)].map(
    ([, source, language = '', code = '']) => ({ source, language, code }),
  );
}

/** Lines without the indentation that all of them share. */
function unindented(lines: readonly string[]): string {
  const depths = lines.filter((line) => line.trim()).map((line) => line.search(/\S/));
  const depth = Math.min(...depths);
  return lines.map((line) => line.slice(depth).trimEnd()).join('\n');
}

/** True where the code stands in the text, word for word, in lines that follow each other. */
function standsIn(code: string, text: string): boolean {
  const wanted = code.trimEnd().split('\n');
  const lines = text.split('\n');
  return lines.some((_, at) => unindented(lines.slice(at, at + wanted.length)) === unindented(wanted));
}

/** The first cells, in code, of the tables below a heading of the README. */
function rowsBelow(heading: string): string[] {
  const [, section] = new RegExp(`^## ${heading}\\n([^]*?)(?=^## )`, 'm').exec(readme) ?? [];
  if (section === undefined) throw new Error(`The README has no section "${heading}".`);
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);
}

const parse = (file: string) => ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);

/** Names of an interface's members; those whose type is an interface of the same file stand for that one's members. */
function members(source: ts.SourceFile, name: string, prefix = ''): string[] {
  const found = source.statements.find(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  );
  if (!found) throw new Error(`${source.fileName} has no interface ${name}.`);
  const names = source.statements.filter(ts.isInterfaceDeclaration).map((node) => node.name.text);
  return found.members.filter(ts.isPropertySignature).flatMap((member) => {
    const path = prefix + member.name.getText();
    const nested = names.find((other) => new RegExp(`^${other}\\b`).test(member.type?.getText() ?? ''));
    return nested ? members(source, nested, `${path}.`) : [path];
  });
}

/** The names that a file hands on as values. */
function valueExports(file: string): string[] {
  return parse(file)
    .statements.filter(ts.isExportDeclaration)
    .filter((node) => !node.isTypeOnly && node.exportClause && ts.isNamedExports(node.exportClause))
    .flatMap((node) => (node.exportClause as ts.NamedExports).elements.map((element) => element.name.text));
}

/** What the compiler says of these files, as if they stood in the folder of the sample. */
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

/** The anchors of a text's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links of a document that lead to no file or no heading; addresses elsewhere are left alone. */
function deadLinks(document: string): string[] {
  const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? document : relative(ROOT, join(ROOT, dirname(document), path));
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchors(read(file)).includes(anchor);
  });
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

  it('has a row for every option, and for nothing else', () => {
    const options = [
      ...members(parse('lib/options/login-options.ts'), 'LoginOptions'),
      ...members(parse('lib/login.module-definition.ts'), 'LoginModuleExtras'),
    ];
    expect(options).toContain('session.cookie.persistent');
    expect(rowsBelow('Options').toSorted()).toEqual(options.toSorted());
  });

  it('has a row for every event, and for nothing else', () => {
    const events = members(parse('lib/events/login-events.ts'), 'LoginEvents').map((path) => path.split('.')[0] ?? '');
    expect(rowsBelow('Events').toSorted()).toEqual([...new Set(events)].toSorted());
  });

  it('has a row for every error code, and for nothing else', () => {
    const codes = [...read('lib/exceptions/login-error-code.ts').matchAll(/'(ERR_[A-Z_]+)'/g)].map(
      ([, code = '']) => code,
    );
    expect(codes.length).toBeGreaterThan(0);
    expect(rowsBelow('Errors').toSorted()).toEqual(codes.toSorted());
  });

  it('has a row for every method of LoginManagerService', () => {
    const source = parse('lib/login-manager.service.ts');
    const methods = source.statements
      .filter(ts.isClassDeclaration)
      .flatMap((node) => node.members.filter(ts.isMethodDeclaration).map((method) => method.name.getText()));
    expect(methods).toContain('loginUser');
    const rows = rowsBelow('LoginManagerService').map((row) => row.replace(/\(.*/, ''));
    expect(rows.toSorted()).toEqual([...methods, 'events'].toSorted());
  });

  it.each(['lib/index.ts', 'lib/testing/index.ts'])('names every value that %s exports', (file) => {
    const names = valueExports(file);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
  });

  it('names every way to import the package', () => {
    expect(Object.keys(subpaths())).toContain('nestjs-login/sql');
    expect(Object.keys(subpaths()).filter((subpath) => !readme.includes(`\`${subpath}\``))).toEqual([]);
  });
});

describe('the page on storage', () => {
  const text = readme + read('docs/storage.md');

  it.each(['lib/stores/redis/index.ts', 'lib/stores/sql/index.ts'])(
    'or the README names every value that %s exports',
    (file) => {
      const names = valueExports(file);
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
    },
  );

  it('has a row for every method of the port', () => {
    const port = parse('lib/logins/login-store.ts').statements.find(ts.isClassDeclaration);
    const methods = port?.members.filter(ts.isMethodDeclaration).map((method) => method.name.getText()) ?? [];
    expect(methods).toContain('insert');
    const [, table = ''] = /^## Writing a store\n([^]*)/m.exec(read('docs/storage.md')) ?? [];
    expect([...table.matchAll(/^\| `(\w+)\(/gm)].map(([, name = '']) => name).toSorted()).toEqual(methods.toSorted());
  });
});

describe('the page on Flask-Login', () => {
  it('has a row for every name that Flask-Login 0.6.2 hands out', () => {
    const rows = [...read('docs/from-flask-login.md').matchAll(/^\|(.*?[^\\])\|/gm)].map(([, cell = '']) => cell);
    // Names that differ by their ends alone share a row.
    const cells = rows
      .join('\n')
      .replace(/`REMEMBER_COOKIE_DOMAIN`.*/, (row) => row.replaceAll('`_', '`REMEMBER_COOKIE_'));
    expect(FLASK_LOGIN.filter((name) => !new RegExp(`\\b${name}\\b`).test(cells))).toEqual([]);
  });
});

describe('the page on remember me', () => {
  it('has a line in its table for every verdict, and for nothing else', () => {
    const [, union = ''] =
      /^export type TokenVerdict = ([^;]*);/m.exec(read('lib/remember-me/remember-decision.ts')) ?? [];
    const verdicts = [...union.matchAll(/'(\w+)'/g)].map(([, verdict = '']) => verdict);
    const [, table = ''] = /^## The decision\n([^]*?)^## /m.exec(read('docs/remember-me.md')) ?? [];
    const rows = [...table.matchAll(/^\|[^|]*\|[^|]*\|([^|]*)\|/gm)].slice(2);
    const shown = rows.map(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, verdict = '']) => verdict));
    expect(verdicts).toHaveLength(6);
    expect(shown.filter((row) => row.length === 0)).toEqual([]);
    expect([...new Set(shown.flat())].toSorted()).toEqual(verdicts.toSorted());
  });

  it('says how long a token is', () => {
    expect(read('docs/remember-me.md')).toContain(`\`v1.<id>.<verifier>.<mac>\`, ${LONGEST_TOKEN} characters.`);
  });
});

describe('SECURITY.md', () => {
  const rows = [...read('SECURITY.md').matchAll(/^\| ([A-JX]\d+) \|.*$/gm)].map(([row, id = '']) => ({ id, row }));
  const named = rows.flatMap(({ id, row }) =>
    [...row.matchAll(/`(test\/[^`]+)`(?:: "([^"]+)")?/g)].map(([, file = '', name = '']) => ({ id, file, name })),
  );

  it('has each row once, with a test', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids).toContain('A1');
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.filter((id) => !named.some((test) => test.id === id))).toEqual([]);
  });

  it.each(named)('names a test that exists for $id: $file $name', ({ id, file, name }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    if (name) expect(read(file)).toContain(name);
    else expect(read(file)).toMatch(new RegExp(`['"\`][^'"\`\\n]*\\b${id}\\b`));
  });
});

describe('every document', () => {
  it.each(DOCUMENTS)('has links that lead somewhere: %s', (document) => {
    expect(deadLinks(document)).toEqual([]);
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

  it('makes the anchors that GitHub makes', () => {
    expect(anchors('# A\n## Try it: `npm start`\n')).toEqual(['a', 'try-it-npm-start']);
  });
});
