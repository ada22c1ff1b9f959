/** Cookies that end the start, because browsers would drop or leak them. */
import 'reflect-metadata';
import { Controller, Get, Session } from '@nestjs/common';
import { Browser } from '../support/browser-client.js';
import { start, refusal, expectRefusal, expectStart } from '../support/starting-app.js';

describe('a cookie that browsers would drop', () => {
  const production = { production: true };

  it('is refused: sameSite none without secure', () =>
    expectRefusal(
      { options: { session: { cookie: { sameSite: 'none' } } } },
      'ERR_LOGIN_COOKIE',
      /sameSite "none".*unless it is Secure/,
      /"secure" to true/,
    ));

  it('is accepted once it is secure: sameSite none', () =>
    expectStart({ options: { session: { cookie: { sameSite: 'none', secure: true } } } }));

  it.each<[string, object]>([
    ['a domain', { name: '__Host-id', cookie: { secure: true, domain: 'app.example' } }],
    ['another path', { name: '__Host-id', cookie: { secure: true, path: '/app' } }],
    ['no Secure', { name: '__Host-id' }],
    ['a domain, in any case of the prefix', { name: '__hOST-id', cookie: { secure: true, domain: 'app.example' } }],
  ])('is refused: __Host- with %s', (_what, options) =>
    expectRefusal(
      { options: { session: options } },
      'ERR_LOGIN_COOKIE',
      /__Host- cookie is Secure, has path "\/" and no domain/,
      /prefix off the name/,
    ),
  );

  it('is refused: __Secure- without secure', () =>
    expectRefusal(
      { options: { session: { name: '__Secure-id' } } },
      'ERR_LOGIN_COOKIE',
      /__Secure-id/,
      /prefix off the name/,
    ));

  it('is avoided in production if a domain is set, because the default name has no __Host- then', () =>
    expectStart({ options: { ...production, session: { cookie: { domain: 'app.example' } } } }));

  it.each<[string, unknown]>([
    ['path', 'app'],
    ['path', ''],
    ['domain', '.app.example'],
    ['domain', 'https://app.example'],
    ['domain', ''],
    ['secure', 'auto'],
    ['httpOnly', 'yes'],
    ['sameSite', 'Lax'],
    ['sameSite', true],
    ['persistent', 1],
  ])('or not understand is refused: %s %j', (name, value) =>
    expectRefusal(
      { options: { session: { cookie: { [name]: value } } } },
      'ERR_LOGIN_INVALID_OPTION',
      new RegExp(`"session\\.cookie\\.${name}"`),
      /Write /,
    ),
  );

  // B9: characters that end an attribute or a header line, at the start, in the middle and at the end of each text.
  const injections: [string, string][] = Object.entries({
    name: ['', 'ses', 'session'],
    path: ['', '/a', '/app'],
    domain: ['', 'app', 'app.example'],
  }).flatMap(([option, [, half = '', whole = '']]) => [
    ...['\r', '\n', '\0', ';'].flatMap((text): [string, string][] => [
      [option, text + whole],
      [option, half + text + whole.slice(half.length)],
      [option, whole + text],
    ]),
    [option, `${whole}\r\nSet-Cookie: role=admin`],
  ]);
  injections.push(['path', '/app; Domain=evil.example']);

  it.each(injections)('B9: is refused before it can be written: %s %j', async (option, text) => {
    const options = option === 'name' ? { name: text } : { cookie: { [option]: text } };
    const { code, message } = await refusal({ options: { session: options } });
    expect(code).toBe(option === 'name' ? 'ERR_LOGIN_COOKIE' : 'ERR_LOGIN_INVALID_OPTION');
    expect(message).toContain(option === 'name' ? 'cookie cannot be named' : `"session.cookie.${option}"`);
    // oxlint-disable-next-line no-control-regex -- the test looks for control characters
    expect(message).not.toMatch(/[\0-\x1f]/);
  });

  it('B9: has 40 inputs in this table', () => {
    expect(injections).toHaveLength(40);
  });

  it('B9: is accepted and sent as configured if its texts are clean', async () => {
    @Controller()
    class CartController {
      @Get('cart')
      fill(@Session() values: Record<string, unknown>): string {
        values.cart = 'pear';
        return 'filled';
      }
    }
    const options = { session: { name: 'shop.id', cookie: { path: '/shop', domain: 'app.example' } } };
    const app = await start({ options, controllers: [CartController] });
    try {
      await app.listen(0, '127.0.0.1');
      const { cookies } = await new Browser(await app.getUrl()).get('/cart');
      expect(cookies).toEqual([
        expect.stringMatching(/^shop\.id-anonymous=[^;]+; Domain=app\.example; Path=\/shop; HttpOnly; SameSite=Lax$/),
      ]);
    } finally {
      await app.close();
    }
  });

  it.each(['login id', 'login=id', 'login,id', '"login"', 'lögin', 'x'.repeat(65), '', 7])(
    'B9: is refused for a name with other characters: %j',
    async (name) => {
      const { code } = await refusal({ options: { session: { name } } });
      expect(['ERR_LOGIN_COOKIE', 'ERR_LOGIN_INVALID_OPTION']).toContain(code);
    },
  );
});
