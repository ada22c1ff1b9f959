/** What is decided about a login record, for a compare-and-set that may have to decide again. */
import type { RememberPart } from './login-record.js';
import type { LoginSnapshot } from './login-snapshot.js';
import type { UnboundedRecord } from './record-changes.js';

/** What replaces a record, and its session values where they are given. */
export interface RecordChange {
  readonly record: UnboundedRecord;
  /** JSON text; null: none; undefined: they stay */
  readonly values?: string | null | undefined;
}

/** What was decided about a record; `change` null: nothing is written. */
export interface Decision {
  readonly change: RecordChange | null;
}

/** How a decision ended. */
export interface Decided<Made extends Decision> {
  /** the login as it is now; null: it has gone in the meantime */
  readonly snapshot: LoginSnapshot | null;
  readonly decision: Made;
}

/** What a remember cookie changes: the tokens, and the session where that is restored. */
export interface RememberChange {
  readonly remember: RememberPart;
  /** the hash of the token that goes out with the restored session; undefined: no session is restored */
  readonly tokenHash?: string | undefined;
}
