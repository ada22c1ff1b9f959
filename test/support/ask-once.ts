/** Serves one request on a real port of 127.0.0.1, and hands back its answer. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The response that the client got. */
export interface Answer {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Rejects with the error of the listener. */
export async function askOnce(listener: RequestListener, path = '/'): Promise<Answer> {
  const failures: unknown[] = [];
  const server = createServer((request, response) => {
    try {
      listener(request, response);
    } catch (error) {
      failures.push(error);
      response.destroy();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  try {
    const { port } = server.address() as AddressInfo;
    return await ask(port, path);
  } catch (error) {
    throw failures[0] ?? error;
  } finally {
    server.close();
  }
}

function ask(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const { statusCode: status, statusMessage: reason, headers } = response;
      text(response).then((body) => resolve({ status, reason, headers, body }), reject);
    });
    request.once('error', reject);
  });
}
