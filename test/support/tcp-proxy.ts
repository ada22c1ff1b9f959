/** A TCP proxy in front of a real server, for what networks do to the connections of an application. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A running proxy, which lets everything through at first. */
export interface TcpProxy {
  /** the server's address with the proxy in its place */
  readonly address: string;
  /** From now on no byte goes through either way, and every connection stays open: nobody is told of anything. */
  readonly freeze: () => void;
  /** From now on the server gets every byte, and its answers go nowhere. */
  readonly swallowAnswers: () => void;
  /** Every connection is reset, and new ones are refused; what had not gone through never will. */
  readonly cut: () => Promise<void>;
  /** From now on everything goes through, first what was held back. @param address of another server, for new connections */
  readonly forward: (address?: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Where no system takes ports from by itself: nobody else gets the port while connections are refused. */
const somePort = (): number => 20_000 + Math.floor(Math.random() * 10_000);

/** @param address of the server, such as redis://127.0.0.1:6379 */
export async function startTcpProxy(address: string): Promise<TcpProxy> {
  const pairs = new Set<readonly [fromClient: Socket, fromServer: Socket]>();
  let [target, requestsPass, answersPass] = [new URL(address), true, true];
  const apply = (): void => {
    for (const [fromClient, fromServer] of pairs) {
      if (requestsPass) fromClient.resume();
      else fromClient.pause();
      if (answersPass) fromServer.resume();
      else fromServer.pause();
    }
  };
  const listener = createServer((fromClient) => {
    const fromServer = connect(Number(target.port), target.hostname);
    const pair = [fromClient, fromServer] as const;
    pairs.add(pair);
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      one.setNoDelay();
      one.on('data', (bytes) => other.write(bytes));
      one.on('error', () => other.destroy());
      one.on('end', () => other.end());
      one.on('close', () => other.destroySoon());
      one.on('close', () => pairs.delete(pair));
    }
    apply();
  });
  const listen = async (port: number): Promise<number> => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return port;
  };
  const port = await listen(somePort()).catch(() => listen(somePort()));
  const own = new URL(address);
  own.port = String(port);
  const cut = async (): Promise<void> => {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const socket of [...pairs].flat()) socket.resetAndDestroy();
    await closed;
  };
  const pass = (requests: boolean, answers: boolean): void => {
    [requestsPass, answersPass] = [requests, answers];
    apply();
  };
  return {
    address: own.href,
    freeze: () => pass(false, false),
    swallowAnswers: () => pass(true, false),
    cut,
    forward: async (to = target.href) => {
      target = new URL(to);
      pass(true, true);
      if (!listener.listening) await listen(port);
    },
    stop: cut,
  };
}
