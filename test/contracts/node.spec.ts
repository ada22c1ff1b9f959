/** The private facts of Node that lib/ stands on: a new version that breaks one fails here first. */
import { once } from 'node:events';
import { createServer, IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { askOnce } from '../support/ask-once.js';

type WriteHead = (status: number, ...rest: unknown[]) => ServerResponse;

/** Calls `writeHead` with the arguments of a row, which its types do not all know. */
const writeHead = (response: ServerResponse, ...args: unknown[]): ServerResponse =>
  (response.writeHead as WriteHead).call(response, ...(args as [number]));

describe('a response of Node', () => {
  it('has neither end() nor writeHead() of its own, so that those of a prototype count', async () => {
    const own: boolean[] = [];

    await askOnce((_request, response) => {
      own.push(Object.hasOwn(response, 'end'), Object.hasOwn(response, 'writeHead'));
      response.end();
    });
    expect(own).toEqual([false, false]);
    expect(Object.hasOwn(ServerResponse.prototype, 'writeHead')).toBe(true);
    expect(Object.hasOwn(OutgoingMessage.prototype, 'end')).toBe(true);
  });

  it('has its request at "req" itself', async () => {
    const found: boolean[] = [];

    await askOnce((request, response) => {
      found.push(Object.hasOwn(response, 'req'), response.req === request);
      response.end();
    });
    expect(found).toEqual([true, true]);
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['end', (response) => response.end('ok')],
    ['write', (response) => response.write('ok')],
    ['flushHeaders', (response) => response.flushHeaders()],
  ])('sends its head through its own writeHead(), with the status alone, by %s()', async (_name, begin) => {
    const calls: unknown[][] = [];

    const { status } = await askOnce((_request, response) => {
      const former = response.writeHead.bind(response);
      response.writeHead = (...args: unknown[]) => {
        calls.push(args);
        return former(299);
      };
      begin(response);
      response.end();
    });
    expect(calls).toEqual([[200]]);
    expect(status).toBe(299);
  });

  it('takes the text of its status where its message is empty', async () => {
    const { reason } = await askOnce((_request, response) => {
      response.statusCode = 503;
      response.statusMessage = '';
      response.end();
    });
    expect(reason).toBe('Service Unavailable');
  });

  it('refuses a second head with the error that lib/express throws in its place', async () => {
    const errors: unknown[] = [];

    await askOnce((_request, response) => {
      response.writeHead(200);
      try {
        response.writeHead(200);
      } catch (error) {
        errors.push(error);
      }
      response.end();
    });
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ERR_HTTP_HEADERS_SENT',
        message: expect.stringMatching(/^Cannot write headers after they are sent to the client$/) as string,
      }),
    ]);
  });
});

describe('writeHead()', () => {
  it.each<[string, unknown[]]>([
    ['an object', [{ 'X-Colour': 'red' }]],
    ['names and values by turns', [['X-Colour', 'red']]],
    ['a reason and an object', ['Fine', { 'X-Colour': 'red' }]],
    ['a reason and names and values by turns', ['Fine', ['X-Colour', 'red']]],
    ['no reason and an object', [undefined, { 'X-Colour': 'red' }]],
  ])('with %s replaces headers that were set before, and keeps the others', async (_form, args) => {
    const { headers, reason } = await askOnce((_request, response) => {
      response.setHeader('x-colour', 'blue');
      response.setHeader('x-size', '4');
      writeHead(response, 200, ...args).end();
    });
    expect(headers).toMatchObject({ 'x-colour': 'red', 'x-size': '4' });
    expect(reason).toBe(args[0] === 'Fine' ? 'Fine' : 'OK');
  });

  it.each<[string, unknown]>([
    ['names and values by turns', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']],
    [
      'pairs',
      [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    ],
    ['a list as value', ['Set-Cookie', ['a=1', 'b=2']]],
    ['an object with a list', { 'Set-Cookie': ['a=1', 'b=2'] }],
  ])('with %s sends every value, where no header was set before', async (_form, given) => {
    const { headers } = await askOnce((_request, response) => void writeHead(response, 200, given).end());
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });
});

describe('a request of Node', () => {
  it('has its headers on the prototype, so that a copy has none', async () => {
    const copies: object[] = [];

    await askOnce((request, response) => {
      copies.push(Object.assign({}, request));
      response.end();
    });
    expect(copies[0]).not.toHaveProperty('headers');
    expect(IncomingMessage.prototype).toHaveProperty('headers');
  });
});

/** Returns the values that the server then reads of the connection. */
async function hangUp<Read>(
  arrive: (socket: Socket) => void,
  read: (request: IncomingMessage, response: ServerResponse) => Read,
): Promise<Read> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');

  const [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  arrive(request.socket);
  const closed = new Promise<Read>((resolve) => request.once('close', () => resolve(read(request, response))));
  client.destroy();
  return closed.finally(() => server.close());
}

describe('a client that hangs up', () => {
  const address = ({ socket }: IncomingMessage): string | undefined => socket.remoteAddress;

  it('leaves its address with a connection that was asked for it before', async () => {
    expect(await hangUp((socket) => void socket.remoteAddress, address)).toBe('127.0.0.1');
  });

  it('takes its address along where nobody has asked before', async () => {
    expect(await hangUp(() => undefined, address)).toBeUndefined();
  });

  it('has destroyed the connection when its request hears of it', async () => {
    expect(
      await hangUp(
        () => undefined,
        ({ socket }) => socket.destroyed,
      ),
    ).toBe(true);
  });
});
