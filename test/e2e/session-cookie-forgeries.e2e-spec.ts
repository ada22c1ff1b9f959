/** Session cookies that were tampered with or planted. */
import { connect } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import { SECRET } from '../support/test-app.js';
import { OTHER_SECRET, signatureOf, signed, idIn, counted } from '../support/session-cookies.js';

/** Parses cookies as cookie-parser does, because express-session would read `req.cookies` as well. */
const parseCookies = (app: NestExpressApplication): unknown =>
  app.use((req: Request, _res: Response, next: () => void) => {
    req.cookies = parseCookie(req.headers.cookie ?? '');
    next();
  });

/** Sends headers that no HTTP client would send, one byte for each character. Returns the text of the response. */
function sendRaw(origin: string, path: string, headerLines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    const lines = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headerLines, '', ''];
    socket.write(Buffer.from(lines.join('\r\n'), 'latin1'));
  });
}

/** Works on all items, at most 50 at once. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

describe('the session cookie', () => {
  describe('that was tampered with', () => {
    it.each([
      ['alone', undefined],
      ['beside cookie-parser', parseCookies],
    ])('B5 logs nobody in and costs no store call, in each of 14 ways (%s)', async (_case, setup) => {
      const { app, storage } = await counted(setup ? { setup } : {});
      const browser = app.browser();
      let value = '';
      // Logs in until the signature has a character that base64url writes otherwise.
      while (!/[+/]/.test(decodeURIComponent(value))) {
        await browser.post('/login/ada');
        value = browser.jar.get('session') as string;
      }
      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      await stranger.get('/flashes');
      const other = app.browser();
      await other.post('/login/bob');

      const text = decodeURIComponent(value);
      const id = idIn(value);
      const signature = signatureOf(id, SECRET);
      const otherSignature = signatureOf(idIn(other.jar.get('session') as string), SECRET);
      expect(text).toBe(`s:${id}.${signature}`);
      const e = encodeURIComponent;
      const flip = (line: string, bit: number): string => {
        const at = bit >> 3;
        return line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ (1 << (bit & 7))) + line.slice(at + 1);
      };
      // Without the flips that spell the same value in another way, such as %3A and %3a.
      const flippedOnTheWire = bits(value)
        .map((bit) => flip(value, bit))
        .filter((line) => !spellsTheSame(line, text));
      const classes: Record<string, string[]> = {
        'a bit flipped at every position': [
          ...flippedOnTheWire,
          ...bits(text).map((bit) => Array.from(Buffer.from(flip(text, bit), 'latin1'), percent).join('')),
        ],
        'cut at every position': Array.from(value, (_, at) => value.slice(0, at)),
        'no signature': [e(`s:${id}`), e(`s:${id}.`), e(`s:.${signature}`), e('s:'), e('s:.')],
        'the signature of another value': [e(`s:${id}.${otherSignature}`)],
        'another key': [signed(id, OTHER_SECRET), e(`s:${id}.${signatureOf(id, '')}`)],
        unsigned: [id, e(id), e(`j:${JSON.stringify(id)}`), e(JSON.stringify(text)), `${id}.${signature}`],
        's:s:': [e(`s:${text}`), e(`s:s:${id}.${signatureOf(`s:${id}`, SECRET)}`)],
        'base64 variants': [
          e(`s:${id}.${signatureOf(id, SECRET, 'base64url')}`),
          e(`s:${id}.${signatureOf(id, SECRET, 'hex')}`),
          e(`s:${Buffer.from(id).toString('base64')}.${signature}`),
        ],
        padding: [e(`${text}=`), e(`${text}==`), `${value}=`, e(`${text}===`)],
        spaces: [e(` ${text}`), e(`${text} `), e(`s: ${id}.${signature}`), e(`s:${id} .${signature}`), e(`${text}\n`)],
        'double encoding': [e(value), e(e(value)), e(text).replaceAll('%', '%2525')],
        NUL: [e(`${text}\0`), e(`s:${id}\0.${signature}`), e(`\0${text}`), `${value}%00`],
        case: [
          e(`S:${id}.${signature}`),
          e(`s:${swapCase(id)}.${signature}`),
          e(`s:${id}.${swapCase(signature)}`),
          e(text.toUpperCase()),
        ],
      };
      const cookies = Object.values(classes).flatMap((values) => values.map((bad) => `session=${bad}`));
      // Swapped names: our value elsewhere, and another cookie's value as ours.
      cookies.push(
        `login-notice=${value}`,
        `Session=${value}`,
        `SESSION=${value}`,
        `session2=${value}`,
        `__Host-session=${value}`,
        `%73ession=${value}`,
        `"session"=${value}`,
        `session="${value}"`,
        `session=session=${value}`,
        `session=j:${value}`,
      );
      expect(Object.keys(classes)).toHaveLength(13);
      expect(cookies.length).toBeGreaterThan(1800);
      expect((await sendRaw(app.origin, '/protected', [`Cookie: session=${value}`])).split('\r\n')[0]).toContain('200');

      storage.reset();
      const accepted: string[] = [];
      const crashed: string[] = [];
      await inParallel(cookies, async (cookie) => {
        const answer = await sendRaw(app.origin, '/protected', [`Cookie: ${cookie}`]);
        if (/^HTTP\/1.1 2/.test(answer)) accepted.push(cookie);
        if (!/^HTTP\/1.1 [24]/.test(answer)) crashed.push(cookie);
      });
      expect(accepted).toEqual([]);
      expect(crashed).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
      expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
    });

    const spellsTheSame = (line: string, text: string): boolean => {
      try {
        return decodeURIComponent(line) === text;
      } catch {
        return false;
      }
    };
    const bits = (line: string): number[] => Array.from({ length: line.length * 8 }, (_, bit) => bit);
    const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    const swapCase = (text: string): string =>
      text.replace(/[a-z]/gi, (letter) =>
        letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
      );
  });

  describe('beside a planted one', () => {
    /** The headers with a planted cookie. NBSP, BOM and the like are the bytes that a browser sends. */
    const shapes: [string, (real: string, planted: string) => string[], string | null][] = [
      ['NBSP in front of the name', (r, p) => [`\xa0session=${p}; session=${r}`], 'ada'],
      ['NBSP in UTF-8 in front of the name', (r, p) => [`\xc2\xa0session=${p}; session=${r}`], 'ada'],
      ['NBSP behind the name', (r, p) => [`session\xa0=${p}; session=${r}`], 'ada'],
      ['NBSP behind the name, after the real one', (r, p) => [`session=${r}; session\xc2\xa0=${p}`], 'ada'],
      ['a byte order mark in front', (r, p) => [`\xef\xbb\xbfsession=${p}; session=${r}`], 'ada'],
      ['an em space in front', (r, p) => [`\xe2\x80\x83session=${p}; session=${r}`], 'ada'],
      ['a tab in front of the name', (r, p) => [`\tsession=${p}; session=${r}`], null],
      ['a tab behind the name', (r, p) => [`session\t=${p}; session=${r}`], null],
      ['a blank behind the name', (r, p) => [`session =${p}; session=${r}`], null],
      ['the planted one first', (r, p) => [`session=${p}; session=${r}`], null],
      ['the planted one last', (r, p) => [`session=${r}; session=${p}`], null],
      ['the planted one on both sides', (r, p) => [`session=${p}; session=${r}; session=${p}`], null],
      ['the planted one in a header line of its own', (r, p) => [`session=${p}`, `session=${r}`], null],
      ['the real one twice', (r) => [`session=${r}; session=${r}`], 'ada'],
      ['rubbish of the same name first', (r) => [`session=x; session=; session=s%3Ax.y; session=${r}`], 'ada'],
      ['a name in capitals', (r, p) => [`SESSION=${p}; session=${r}`], 'ada'],
      ['a cookie without a name', (r, p) => [`=session=${p}; session=${r}`], 'ada'],
      ['a comma between the two', (r, p) => [`session=${p}, session=${r}`], null],
    ];

    it.each([
      ['alone', undefined],
      ['beside cookie-parser', parseCookies],
    ])('B6 counts, or nobody is logged in: the planted cookie never counts (%s)', async (_case, setup) => {
      const { app } = await counted(setup ? { setup } : {});
      const victim = app.browser();
      await victim.post('/login/ada');
      await victim.get('/set?of=ada');
      const attacker = app.browser();
      await attacker.post('/login/bob');
      await attacker.get('/set?of=bob');
      const [real, planted] = [victim.jar.get('session') as string, attacker.jar.get('session') as string];
      const lines = (cookies: string[]): string[] => cookies.map((cookie) => `Cookie: ${cookie}`);
      const found: Record<string, unknown> = {};
      for (const [shape, make] of shapes) {
        const cookies = lines(make(real, planted));
        const whoami = await sendRaw(app.origin, '/whoami', cookies);
        const values = await sendRaw(app.origin, '/values', cookies);
        found[shape] = { id: /"id":(?:"(\w+)"|null)/.exec(whoami)?.[1] ?? null, values: bodyOf(values) };
      }
      const expected = shapes.map(([shape, , id]) => [shape, { id, values: id ? '{"of":"ada"}' : '{}' }]);
      expect(found).toEqual(Object.fromEntries(expected));
    });

    const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);
  });
});
