/** Asks a Nest application without a network in between: everything runs but TCP, many thousand requests a second. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** An answer, as much as a cookie jar and a test look at. */
export interface Injected {
  readonly status: number;
  readonly cookies: readonly string[];
}

/** Replaces the connection of a browser, and drops all data that it gets. */
class Connection extends Duplex {
  readonly remoteAddress = '127.0.0.1';

  override _read(): void {
    // Nothing comes in: the request is complete.
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** @param headers by lower-case names */
export function inject(
  app: NestExpressApplication,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Injected> {
  const connection = new Connection() as never;
  const request = new IncomingMessage(connection);
  Object.assign(request, { method, url: path, headers: { host: '127.0.0.1', ...headers } });
  request.push(null);
  const response = new ServerResponse(request);
  response.assignSocket(connection);

  return new Promise((resolve) => {
    response.once('finish', () => {
      const cookies = response.getHeader('set-cookie') ?? [];
      resolve({ status: response.statusCode, cookies: [cookies].flat().map(String) });
      response.detachSocket(connection);
    });
    (app.getHttpAdapter().getInstance() as (request: unknown, response: unknown) => void)(request, response);
  });
}
