/** A TCP proxy in front of a real server, for the faults of networks. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A running proxy, which lets everything through at first. */
export interface TcpProxy {
  /** the server's address with the proxy in its place */
  readonly address: string;
  /** No byte goes through either way and every connection stays open: nobody is told of anything. */
  readonly freeze: () => void;
  /** The server gets every byte, and its answers go nowhere. */
  readonly holdAnswers: () => void;
  /** Every connection is reset with its held data, and new ones are refused. */
  readonly cut: () => Promise<void>;
  /** Everything passes, beginning with the held data. */
  readonly forward: (address?: string) => Promise<void>;
}

/** The port is outside the range of the system, so no other program gets it while connections are refused. */
const somePort = (): number => 20_000 + Math.floor(Math.random() * 10_000);

/** @param address of the server, such as redis://127.0.0.1:6379 */
export async function startTcpProxy(address: string): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  let [target, isAsking, isAnswering] = [new URL(address), true, true];
  const flow = (): void => {
    for (const [client, server] of pairs) {
      client[isAsking ? 'resume' : 'pause']();
      server[isAnswering ? 'resume' : 'pause']();
    }
  };
  const pass = (requests: boolean, answers: boolean): void => {
    [isAsking, isAnswering] = [requests, answers];
    flow();
  };
  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    const pair = [client, server] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => pairs.delete(pair) && to.destroySoon());
    }
    flow();
  });
  const listen = async (port: number): Promise<number> => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return port;
  };
  const port = await listen(somePort()).catch(() => listen(somePort()));
  const own = new URL(address);
  own.port = String(port);
  return {
    address: own.href,
    freeze: () => pass(false, false),
    holdAnswers: () => pass(true, false),
    cut: async () => {
      for (const socket of [...pairs].flat()) socket.resetAndDestroy();
      if (listener.listening) await once(listener.close(), 'close');
    },
    forward: async (to = target.href) => {
      target = new URL(to);
      pass(true, true);
      if (!listener.listening) await listen(port);
    },
  };
}
