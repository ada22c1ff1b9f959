/** Keeps `import type` for everything in lib/ that is used as a type alone. */
import { libSources, parse } from './sources.js';
import type { Sources } from './sources.js';
import { inlineTypeModifiers, typesImportedAsValues } from './type-imports.js';

/** A file of lib/ that imports the class Foo as a value. */
const withFoo = (text: string): Sources => parse({ 'lib/a.ts': `import { Foo } from './foo.js';\n${text}` });

const lib = libSources();

describe('lib/', () => {
  it('imports by import type what it uses as a type alone', () => {
    expect(typesImportedAsValues(lib)).toEqual([]);
  });

  it('writes no type modifier inside the braces', () => {
    expect(inlineTypeModifiers(lib)).toEqual([]);
  });
});

describe('the rule on values that are used as types', () => {
  it.each([
    'const a: Foo = make();',
    'let a: Map<string, Foo[]>;',
    'const a = make<Foo>() as Foo;',
    'const a = (b: typeof Foo) => b;',
    'class A implements Foo {}',
    'interface A extends Foo {}',
    'interface A { [Foo]: string }',
    'export type { Foo };',
    'class A { constructor(private readonly foo: Foo) {} }',
    '@Injectable() class A { open(foo: Foo) {} }',
    '@Injectable() class A { constructor(foos: Foo[], map: Map<string, Foo>) {} }',
    'class A { @Get() open(): Promise<Foo> {} }',
    'const a: Foo = run((Foo: string) => Foo);',
  ])('sees %j', (text) => {
    expect(typesImportedAsValues(withFoo(text))).toEqual([
      'lib/a.ts:1 imports "Foo" for its type alone: write import type',
    ]);
  });

  it('sees default and namespace imports, each name for itself', () => {
    const text = `
      import one, { two, three as four } from './a.js';
      import * as five from './b.js';
      import type { six } from './c.js';
      type A = one | four | five.b | six;
      two();`;
    const names = ['2 imports "one"', '2 imports "four"', '3 imports "five"'];
    expect(typesImportedAsValues(parse({ 'lib/a.ts': text }))).toEqual(
      names.map((name) => `lib/a.ts:${name} for its type alone: write import type`),
    );
  });
});

describe('the rule on values that are used', () => {
  it.each([
    'const a: Foo = new Foo();',
    'class A extends Foo {}',
    'class A extends mixin<Foo>(Foo) {}',
    'const a = { Foo };',
    'export { Foo };',
    'const a = Foo<string>;',
    '@Decorate(Foo) class A {}',
    '@Injectable() class A { constructor(private readonly foo: Foo) {} }',
    '@Injectable() class A { constructor(foo: Foo<string> | null) {} }',
    'class A { constructor(@Inject() foo: Foo) {} }',
    'class A { @Get() open(foo: Foo) {} }',
    'class A { open(@Body() foo: Foo) {} }',
    'class A { @Field() foo: Foo; }',
  ])('lets %j be', (text) => {
    expect(typesImportedAsValues(withFoo(text))).toEqual([]);
  });
});

describe('the rule on type modifiers', () => {
  it('sees them in imports and exports', () => {
    const text = "import { a, type A } from './a.js';\nexport { type B, b } from './b.js';";
    expect(inlineTypeModifiers(parse({ 'lib/a.ts': text }))).toEqual([
      'lib/a.ts:1 writes "type A" inside the braces',
      'lib/a.ts:2 writes "type B" inside the braces',
    ]);
  });

  it('lets a modifier of the whole statement be', () => {
    const text = "import type { A } from './a.js';\nexport type { B } from './b.js';\nimport { type } from './c.js';";
    expect(inlineTypeModifiers(parse({ 'lib/a.ts': text }))).toEqual([]);
  });
});
