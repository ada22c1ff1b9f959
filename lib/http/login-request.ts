/** The type of requests in the methods of this package: Node's request with the properties of the platform. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request of Node with the properties that Express adds. */
export type LoginRequest = IncomingMessage & {
  /** The address as the client asked for it, before any router took something off. */
  readonly originalUrl?: string | undefined;
  /** The client's address as Express resolves it: through `trust proxy`, never from a bare X-Forwarded-For. */
  readonly ip?: string | undefined;
  /** True on TLS, or where a trusted proxy says so. */
  readonly secure?: boolean | undefined;
  readonly res?: ServerResponse | undefined;
};
