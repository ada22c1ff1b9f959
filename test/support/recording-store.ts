/** The constructors of express-session without the limits of its types, and a store that notes how they call it. */
import session from 'express-session';
import type { SessionData } from 'express-session';

type Done = (error?: unknown) => void;
type Found = (error: unknown, found?: SessionData | null) => void;

/** A request, as far as express-session's constructors look at it. */
export interface Holder {
  sessionID: string | null;
  sessionStore?: session.Store;
  session?: object;
}

/** A session as its constructor makes it. */
export interface Built extends SessionData {
  readonly id: string | null;
  readonly req: Holder;
  touch(): Built;
  resetMaxAge(): Built;
  save(done?: Done): Built;
  reload(done: Done): Built;
  destroy(done?: Done): Built;
  regenerate(done: Done): Built;
  colour?: string;
}

export const { Session, Cookie } = session as unknown as {
  readonly Session: new (request: object, data?: object) => Built;
  readonly Cookie: new (options?: object) => SessionData['cookie'];
};

/** Notes how a session and the base class call it. */
export class Recorder extends session.Store {
  readonly calls: unknown[][] = [];
  found: SessionData | null = null;
  error: Error | null = null;

  override get(id: string, done: Found): void {
    this.calls.push(['get', id]);
    done(this.error, this.found);
  }

  override set(...args: [string, SessionData, Done?]): void {
    this.calls.push(['set', ...args]);
  }

  override destroy(id: string, done?: Done): void {
    this.calls.push(['destroy', id]);
    done?.(this.error);
  }

  generate(request: object): void {
    this.calls.push(['generate', request]);
  }
}

/** A recorder that makes sessions in a way of its own. */
export class OwnSessions extends Recorder {
  override createSession(...args: [object, SessionData]): never {
    this.calls.push(['createSession', ...args]);
    return 'made here' as never;
  }
}
