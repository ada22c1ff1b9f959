/** Holds the tables of the documents against the code: options, events, errors, methods, verdicts and names. */
import ts from 'typescript';
import { MAX_TOKEN_LENGTH } from '../../lib/remember-me/remember-token.js';
import { subpaths } from '../architecture/surface.js';
import { parse, read, rowsBelow, valueExports } from './documents.js';

const reference = read('docs/reference.md');
const manual = read('README.md') + reference;

/** The public names of Flask-Login 0.6.2: `__all__` of the package, and its documented attributes. */
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
  // keys of the configuration
  'SECRET_KEY', 'REMEMBER_COOKIE_NAME', 'REMEMBER_COOKIE_DURATION', 'REMEMBER_COOKIE_DOMAIN', 'REMEMBER_COOKIE_PATH',
  'REMEMBER_COOKIE_SECURE', 'REMEMBER_COOKIE_HTTPONLY', 'REMEMBER_COOKIE_SAMESITE',
  'REMEMBER_COOKIE_REFRESH_EACH_REQUEST', 'SESSION_PROTECTION', 'LOGIN_DISABLED', 'EXEMPT_METHODS',
  'USE_SESSION_FOR_NEXT', 'FORCE_HOST_FOR_REDIRECTS',
]; // prettier-ignore

/**
 * Returns the names of an interface's members. A member of a type of the same file is replaced by the members of that
 * type.
 */
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

describe('the reference', () => {
  it('has a row for every option, and for nothing else', () => {
    const options = [
      ...members(parse('lib/options/login-options.ts'), 'LoginOptions'),
      ...members(parse('lib/login.module-definition.ts'), 'LoginModuleExtras'),
    ];
    expect(options).toContain('session.cookie.persistent');
    expect(rowsBelow('Options', reference).toSorted()).toEqual(options.toSorted());
  });

  it('has a row for every event, and for nothing else', () => {
    const events = members(parse('lib/events/login-events.ts'), 'LoginEvents').map((path) => path.split('.')[0] ?? '');
    expect(rowsBelow('Events', reference).toSorted()).toEqual([...new Set(events)].toSorted());
  });

  it('has a row for every error code, and for nothing else', () => {
    const codes = [...read('lib/exceptions/login-error-code.ts').matchAll(/'(ERR_[A-Z_]+)'/g)].map(
      ([, code = '']) => code,
    );
    expect(codes.length).toBeGreaterThan(0);
    expect(rowsBelow('Errors', reference).toSorted()).toEqual(codes.toSorted());
  });

  it('has a row for every method of LoginManagerService', () => {
    const source = parse('lib/login-manager.service.ts');
    const methods = source.statements
      .filter(ts.isClassDeclaration)
      .flatMap((node) => node.members.filter(ts.isMethodDeclaration).map((method) => method.name.getText()));
    expect(methods).toContain('loginUser');
    const rows = rowsBelow('LoginManagerService', reference).map((row) => row.replace(/\(.*/, ''));
    expect(rows.toSorted()).toEqual([...methods, 'events'].toSorted());
  });

  it.each(['lib/index.ts', 'lib/testing/index.ts'])('or the README names every value that %s exports', (file) => {
    const names = valueExports(file);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(manual))).toEqual([]);
  });

  it('names every way to import the package', () => {
    expect(Object.keys(subpaths())).toContain('nestjs-login/sql');
    expect(Object.keys(subpaths()).filter((subpath) => !manual.includes(`\`${subpath}\``))).toEqual([]);
  });
});

describe('the page on storage', () => {
  const text = manual + read('docs/storage.md');

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
    const verdicts = [...union.matchAll(/'([\w-]+)'/g)].map(([, verdict = '']) => verdict);
    const [, table = ''] = /^## The decision\n([^]*?)^## /m.exec(read('docs/remember-me.md')) ?? [];
    const rows = [...table.matchAll(/^\|[^|]*\|[^|]*\|([^|]*)\|/gm)].slice(2);
    const shown = rows.map(([, cell = '']) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, verdict = '']) => verdict));
    expect(verdicts).toHaveLength(6);
    expect(shown.filter((row) => row.length === 0)).toEqual([]);
    expect([...new Set(shown.flat())].toSorted()).toEqual(verdicts.toSorted());
  });

  it('says how long a token is', () => {
    expect(read('docs/remember-me.md')).toContain(`\`v1.<id>.<verifier>.<mac>\`, ${MAX_TOKEN_LENGTH} characters.`);
  });
});
