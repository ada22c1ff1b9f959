/** Counts the calls that reach a storage, and disturbs chosen ones: the one fault injector of these tests. */
import { LoginStore } from 'nestjs-login';
import type {
  FoundLogin,
  InsertedLogin,
  ListedLogins,
  LoginCap,
  LoginRecord,
  LoginStorage,
  LoginUse,
} from 'nestjs-login';
import type { SessionStore, StoredSession } from 'nestjs-login';

const METHODS = {
  'logins.now': 'clock',
  'logins.insert': 'write',
  'logins.find': 'read',
  'logins.saveValues': 'write',
  'logins.replace': 'write',
  'logins.touch': 'write',
  'logins.delete': 'write',
  'logins.listByUser': 'read',
  'logins.deleteByUser': 'write',
  'logins.deleteExpired': 'write',
  'sessions.get': 'read',
  'sessions.set': 'write',
  'sessions.destroy': 'write',
  'sessions.touch': 'write',
} as const;

/** A method of one of the two stores. */
export type StorageMethod = keyof typeof METHODS;

/** A function around a call. Its promise delays the call, and its error fails it. */
export interface Disturbance {
  /** before the store is asked: an error means that nothing was done */
  readonly before?: () => Promise<void> | void;
  /** once the store has done it: an error means that the answer got lost */
  readonly after?: () => Promise<void> | void;
}

/** The store cannot be reached. */
export const fails: Disturbance = {
  before: () => {
    throw new Error('The store is down.');
  },
};
/** The store never answers. */
export const hangs: Disturbance = { before: () => new Promise<void>(() => undefined) };
/** The store takes so many milliseconds more. */
export const delayed = (milliseconds: number): Disturbance => ({
  before: () => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
});

type Around = <Answer>(method: StorageMethod, call: () => Promise<Answer>) => Promise<Answer>;

/** A storage in front of another one. */
export class CountingStorage implements LoginStorage {
  readonly logins: LoginStore;
  readonly sessions: SessionStore;
  readonly #counts = new Map<StorageMethod, number>();
  readonly #disturbances = new Map<StorageMethod, Disturbance>();
  #underWay = 0;

  constructor(inner: LoginStorage) {
    const around: Around = async (method, call) => {
      this.#counts.set(method, this.count(method) + 1);
      const { before, after } = this.#disturbances.get(method) ?? {};
      this.#underWay += 1;
      try {
        await before?.();
        const answer = await call();
        await after?.();
        return answer;
      } finally {
        this.#underWay -= 1;
      }
    };
    this.logins = new CountedLogins(inner.logins, around);
    this.sessions = new CountedSessions(inner.sessions, around);
  }

  /** How often these methods were called since the last `reset`. */
  count(...methods: StorageMethod[]): number {
    return methods.reduce((sum, method) => sum + (this.#counts.get(method) ?? 0), 0);
  }

  /** Calls that ask something of the stores. */
  get reads(): number {
    return this.count(...methodsOf('read'));
  }

  /** Calls that may change something in the stores. */
  get writes(): number {
    return this.count(...methodsOf('write'));
  }

  /** Calls that have begun and have no outcome yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Counts from zero. */
  reset(): void {
    this.#counts.clear();
  }

  /** From now on these methods are disturbed. */
  disturb(disturbance: Disturbance, ...methods: StorageMethod[]): void {
    for (const method of methods) this.#disturbances.set(method, disturbance);
  }

  /** From now on nothing is disturbed. */
  recover(): void {
    this.#disturbances.clear();
  }
}

function methodsOf(kind: 'read' | 'write'): StorageMethod[] {
  return (Object.keys(METHODS) as StorageMethod[]).filter((method) => METHODS[method] === kind);
}

class CountedLogins extends LoginStore {
  constructor(
    private readonly inner: LoginStore,
    private readonly around: Around,
  ) {
    super();
  }

  override now(): Promise<number> {
    return this.around('logins.now', () => this.inner.now());
  }

  override insert(record: LoginRecord, values: string | null, cap: LoginCap): Promise<InsertedLogin> {
    return this.around('logins.insert', () => this.inner.insert(record, values, cap));
  }

  override find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin> {
    return this.around('logins.find', () => this.inner.find(id, wanted));
  }

  override saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    return this.around('logins.saveValues', () => this.inner.saveValues(id, startedAt, values));
  }

  override replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean> {
    return this.around('logins.replace', () => this.inner.replace(record, expectedVersion, values));
  }

  override touch(id: string, use: LoginUse): Promise<void> {
    return this.around('logins.touch', () => this.inner.touch(id, use));
  }

  override delete(id: string, theftSeenAt?: number): Promise<boolean> {
    return this.around('logins.delete', () => this.inner.delete(id, theftSeenAt));
  }

  override listByUser(userKey: string): Promise<ListedLogins> {
    return this.around('logins.listByUser', () => this.inner.listByUser(userKey));
  }

  override deleteByUser(userKey: string, except?: string): Promise<readonly string[]> {
    return this.around('logins.deleteByUser', () => this.inner.deleteByUser(userKey, except));
  }

  override deleteExpired(): Promise<number> {
    return this.around('logins.deleteExpired', () => this.inner.deleteExpired());
  }
}

class CountedSessions implements SessionStore {
  constructor(
    private readonly inner: SessionStore,
    private readonly around: Around,
  ) {}

  get(id: string, callback: (error: unknown, session?: StoredSession | null) => void): void {
    this.#answer('sessions.get', (done) => this.inner.get(id, done), callback);
  }

  set(id: string, session: StoredSession, callback?: (error?: unknown) => void): void {
    this.#answer('sessions.set', (done) => this.inner.set(id, session, done), callback);
  }

  destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#answer('sessions.destroy', (done) => this.inner.destroy(id, done), callback);
  }

  touch(id: string, session: StoredSession, callback?: () => void): void {
    const inner = this.inner;
    this.#answer('sessions.touch', (done) => (inner.touch ? inner.touch(id, session, done) : done(null)), callback);
  }

  #answer<Answer>(
    method: StorageMethod,
    call: (done: (error?: unknown, answer?: Answer) => void) => void,
    callback: (error?: unknown, answer?: Answer) => void = () => undefined,
  ): void {
    const asked = (): Promise<Answer | undefined> =>
      new Promise((resolve, reject) => call((error, answer) => (error ? reject(error as Error) : resolve(answer))));
    this.around(method, asked).then(
      (answer) => setImmediate(callback, null, answer),
      (error: unknown) => setImmediate(callback, error),
    );
  }
}
