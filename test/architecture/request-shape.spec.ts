/** Keeps the work of one request in one object: no map, few functions with a request, one place for transitions. */
import {
  functionsWithRequest,
  MOST_WITH_REQUEST,
  requestMaps,
  responseReads,
  strayTransitions,
  unknownTransitions,
} from './request-shape.js';
import { libSources, parse } from './sources.js';

const lib = libSources();

describe('lib/', () => {
  it('keys no map by the request', () => {
    expect(requestMaps(lib)).toEqual([]);
  });

  it(`hands the request to ${MOST_WITH_REQUEST} functions at most, beside those of the service`, () => {
    expect(functionsWithRequest(lib)).toEqual([]);
  });

  it('reads the response of a request in lib/http/ and lib/express/ alone', () => {
    expect(responseReads(lib)).toEqual([]);
  });

  it('changes session, remember cookie, notices and user in the context alone', () => {
    expect(strayTransitions(lib)).toEqual([]);
  });

  it('has every method that the table of transitions names', () => {
    expect(unknownTransitions(lib)).toEqual([]);
  });
});

describe('the rule on maps', () => {
  const maps = (text: string, file = 'lib/user/a.ts'): number => requestMaps(parse({ [file]: text })).length;

  it('lists each of them', () => {
    const own = 'const own = new WeakMap<LoginRequest, Login>();';
    expect(requestMaps(parse({ 'lib/a.ts': `${own}\nconst b = new WeakSet<IncomingMessage>();` }))).toEqual([
      'lib/a.ts:1 new WeakMap<LoginRequest, Login>() is keyed by a request',
      'lib/a.ts:2 new WeakSet<IncomingMessage>() is keyed by a request',
    ]);
  });

  it.each([
    'const a = new WeakMap<Request, A>();',
    'const a: WeakMap<LoginRequest, A> = new WeakMap();',
    'class A { readonly #a: WeakMap<object, A> = new WeakMap(); }',
    'const a = new WeakSet<object>();',
    'const a = new WeakMap();',
    'const a = new Map<LoginRequest, A>();',
  ])('sees %j', (text) => {
    expect(maps(text)).toBe(1);
  });

  it('lets maps of other keys be', () => {
    expect(maps('const a = new WeakMap<Handler, A>(); const b = new Map<object, A>();')).toBe(0);
    expect(maps('const a = new WeakMap<object, A>();', 'lib/decorators/a.ts')).toBe(0);
    expect(maps('let a: WeakMap<LoginRequest, A>;')).toBe(0);
  });
});

describe('the rule on functions that take the request', () => {
  const full = Array.from({ length: MOST_WITH_REQUEST }, (_, at) => `function f${at}(request: A) {}`).join('\n');
  const taken = (text: string, file = 'lib/a.ts'): string[] =>
    functionsWithRequest(parse({ 'lib/full.ts': full, [file]: text }));

  it.each([
    ['class A { open(request: B) {} }', 'A.open'],
    ['class A { static #open(req: B, b: C) {} }', 'A.#open'],
    ['class A { readonly open = (request: B) => 1; }', 'A.open'],
    ['run((request) => 1);', 'a function without a name'],
    ['run(async function (_request) {});', 'a function without a name'],
    ['interface A { open(request: B): void }', 'A.open'],
    ['abstract class A { abstract open(request: B): void }', 'A.open'],
    ['abstract class A { abstract open(request: B): void }\nclass C { open(request: B) {} }', 'C.open'],
  ])('counts one in %j', (text, name) => {
    const all = taken(text);
    expect(all).toHaveLength(MOST_WITH_REQUEST + 1);
    expect(all.at(-1)).toMatch(new RegExp(`^lib/a\\.ts:\\d ${name.replace('.', '\\.')} takes the request$`));
  });

  it.each([
    'type Open = (request: A) => void;',
    'class A { readonly open: (request: B) => void; }',
    'function open(user: A, request: B) {}',
    'function open({ request }: A) {}',
    'function open() { const request = 1; }',
  ])('counts none in %j', (text) => {
    expect(taken(text)).toEqual([]);
  });

  it('counts none of the service', () => {
    expect(taken('class A { open(request: B) {} }', 'lib/login-manager.service.ts')).toEqual([]);
  });
});

describe('the rule on the response', () => {
  const reads = (text: string, file = 'lib/user/a.ts'): string[] => responseReads(parse({ [file]: text }));

  it.each([
    'a = request.res;',
    'a = request?.res;',
    "a = request['res'];",
    'const { res } = request;',
    'const { res: a } = request;',
    'const { b: { res } } = request;',
    'function f({ res }: A) {}',
    '({ res } = request);',
    '({ b: [{ res: a.b }] } = request);',
  ])('sees %j', (text) => {
    expect(reads(text)).toHaveLength(1);
  });

  it.each([
    'const a = { res: response };',
    'a = run({ res });',
    'const { response: res } = a;',
    'interface A { res: B }',
    'a.result = a.response;',
  ])('lets %j be', (text) => {
    expect(reads(text)).toEqual([]);
  });

  it('lets lib/http/ and lib/express/ be', () => {
    expect(['lib/http/a.ts', 'lib/express/a.ts'].flatMap((file) => reads('a = request.res;', file))).toEqual([]);
    expect(reads('a = request.res;')).toEqual(['lib/user/a.ts:1 reads the response by request.res']);
  });
});

const table = [{ part: 'session', owner: 'lib/session/own.ts', methods: ['detach', 'rotateId'] }];

describe('the rule on transitions', () => {
  const stray = (text: string, file = 'lib/user/a.ts'): string[] => strayTransitions(parse({ [file]: text }), table);

  it.each([
    'this.session.detach();',
    'this.session?.detach(a);',
    "session['detach']();",
    'run(session.detach.bind(session));',
  ])('sees %j', (text) => {
    expect(stray(text)).toEqual([expect.stringMatching(/^lib\/user\/a\.ts:1 .+ changes the session outside/)]);
  });

  it.each([
    'this.#detach();',
    'detach(a);',
    'this.session.attach();',
    'class A { detach() {} }',
    "const a = 'detach';",
  ])('lets %j be', (text) => {
    expect(stray(text)).toEqual([]);
  });

  it('lets the owner and the context be', () => {
    expect(stray('this.detach();', 'lib/session/own.ts')).toEqual([]);
    expect(stray('this.session.detach();', 'lib/context/login-context.ts')).toEqual([]);
  });
});

describe('the table of transitions', () => {
  it('tells a method of the owner, and of its port, from another one of the same name', () => {
    const files = {
      'lib/session/port.ts': 'export interface Port { detach(): void }',
      'lib/session/own.ts':
        "import type { Port } from './port.js'; export class Own implements Port { detach(): void {} }",
      'lib/http/cable.ts': 'export class Cable { detach(): void {} }',
      'lib/user/a.ts': `
        import type { Own } from '../session/own.js';
        import type { Port } from '../session/port.js';
        import { Cable } from '../http/cable.js';
        class A { constructor(own: Own, port: Port, cable: Cable) { own.detach(); port.detach(); cable.detach(); } }`,
    };

    expect(strayTransitions(parse(files), table)).toEqual([
      'lib/user/a.ts:5 own.detach changes the session outside of the context',
      'lib/user/a.ts:5 port.detach changes the session outside of the context',
    ]);
  });

  it('sees a method of the table that its owner does not have', () => {
    const sources = parse({ 'lib/session/own.ts': 'class A { detach() {} }', 'lib/b.ts': 'class B { rotateId() {} }' });
    expect(unknownTransitions(sources, table)).toEqual(['lib/session/own.ts rotateId']);
  });
});
