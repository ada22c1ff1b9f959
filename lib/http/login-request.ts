/** The request as the methods of this package take it: Node's, with what the platform adds to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request of Node with what Express adds to it. An Express `Request` is one. */
export type LoginRequest = IncomingMessage & {
  /** The address as the client asked for it, before any router took something off. */
  readonly originalUrl?: string | undefined;
  /** The client's address as Express resolves it: through `trust proxy`, never from a bare X-Forwarded-For. */
  readonly ip?: string | undefined;
  /** True on TLS, or where a trusted proxy says so. */
  readonly secure?: boolean | undefined;
  readonly res?: ServerResponse | undefined;
};
