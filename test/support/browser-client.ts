/** A browser as far as HTTP shows one: its usual headers and a cookie jar. Follows no redirect by itself. */
import { Agent, request as send } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** the body, where it is JSON */
  readonly json: never;
  /** the Set-Cookie lines */
  readonly cookies: readonly string[];
}

/** The additions of a test to a request. Null removes a header. */
export interface RequestSettings {
  readonly headers?: Readonly<Record<string, string | null>>;
  /** sent as JSON, or, as a text, as a form */
  readonly body?: unknown;
  /** the whole Cookie header, in place of the jar's */
  readonly cookie?: string | null;
  /** The pool of connections. Default: 64 that all browsers share. */
  readonly agent?: Agent;
}

/** The body of a form. */
export const form = (fields: Readonly<Record<string, string>>): { readonly body: string } => ({
  body: new URLSearchParams(fields).toString(),
});

/** How a browser asks for a page. */
export const NAVIGATION: Readonly<Record<string, string>> = {
  accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'user-agent': 'Mozilla/5.0 (test browser)',
};

export class Browser {
  /** @param jar cookies by name; attributes but expiry are not looked at */
  constructor(
    readonly origin: string,
    readonly headers: Readonly<Record<string, string>> = NAVIGATION,
    readonly jar = new Map<string, string>(),
  ) {}

  /** The same browser. Another node answers its next request. */
  at(origin: string): Browser {
    return new Browser(origin, this.headers, this.jar);
  }

  get(path: string, settings?: RequestSettings): Promise<Answer> {
    return this.request('GET', path, settings);
  }

  post(path: string, settings?: RequestSettings): Promise<Answer> {
    return this.request('POST', path, settings);
  }

  /** A copy with the same cookies: a second tab, or a thief. */
  clone(headers: Readonly<Record<string, string>> = this.headers): Browser {
    return new Browser(this.origin, headers, new Map(this.jar));
  }

  /** Closes the browser. Session cookies are lost. */
  close(): this {
    for (const name of ['session', 'session-anonymous']) this.jar.delete(name);
    return this;
  }

  /** The Cookie header of the next request. */
  cookieHeader(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async request(method: string, path: string, settings: RequestSettings = {}): Promise<Answer> {
    const body =
      settings.body === undefined || typeof settings.body === 'string' ? settings.body : JSON.stringify(settings.body);
    const type = typeof settings.body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
    const cookie = settings.cookie === undefined ? this.cookieHeader() : settings.cookie;
    const headers: Record<string, string | null> = {
      ...this.headers,
      ...(body === undefined
        ? {}
        : { 'content-type': type, 'content-length': String(Buffer.byteLength(body as string)) }),
      ...(cookie ? { cookie } : {}),
      ...settings.headers,
    };
    for (const name of Object.keys(headers)) if (headers[name] === null) delete headers[name];
    const answer = await new Promise<Answer>((resolve, reject) => {
      const { hostname, port } = new URL(this.origin);
      const request = send(
        { hostname, port, method, path, agent: settings.agent ?? agent, headers: headers as Record<string, string> },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const text = Buffer.concat(chunks).toString();
            const isJson = response.headers['content-type']?.startsWith('application/json') && text;
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: (isJson ? JSON.parse(text) : undefined) as never,
              cookies: response.headers['set-cookie'] ?? [],
            });
          });
        },
      );
      request.once('error', reject);
      request.end(body);
    });
    for (const line of answer.cookies) this.#keep(line);
    return answer;
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    const expires = attributes.find((part) => /^expires=/i.test(part))?.slice(8);
    if (expires && new Date(expires).getTime() <= Date.now()) this.jar.delete(name);
    else this.jar.set(name, pair.slice(pair.indexOf('=') + 1));
  }
}
