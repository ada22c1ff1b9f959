/** Asks a Nest application without a socket in between: everything runs but TCP, many thousand requests a second. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** An answer, as much as a cookie jar and a test look at. */
export interface Injected {
  readonly status: number;
  readonly cookies: readonly string[];
}

/** @param headers by lower-case names */
export function inject(
  app: NestExpressApplication,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Injected> {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '127.0.0.1' });
  const request = new IncomingMessage(socket);
  Object.assign(request, { method, url: path, headers: { host: '127.0.0.1', ...headers } });
  request.push(null);
  const response = new ServerResponse(request);
  return new Promise((resolve) => {
    // Before express-session puts its own in front: it is called once the session is stored.
    response.end = (() => {
      if (!response.headersSent) response.writeHead(response.statusCode);
      const cookies = response.getHeader('set-cookie') ?? [];
      resolve({ status: response.statusCode, cookies: [cookies].flat().map(String) });
      response.emit('finish');
      return response;
    }) as never;
    (app.getHttpAdapter().getInstance() as (request: unknown, response: unknown) => void)(request, response);
  });
}
