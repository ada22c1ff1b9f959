/** Decisions about a login record, for a compare-and-set that may have to decide again. */
import type { RememberPart } from './login-record.js';
import type { LoginSnapshot } from './login-snapshot.js';
import type { UnboundedRecord } from './record-changes.js';

/** The new record, and its new session values. */
export interface RecordChange {
  readonly record: UnboundedRecord;
  /** JSON text. Null deletes the values, and undefined keeps them. */
  readonly values?: string | null | undefined;
}

/** A decision about a record. If `change` is null, nothing is written. */
export interface Decision {
  readonly change: RecordChange | null;
}

/** The result of a decision. */
export interface Decided<Made extends Decision> {
  /** The login as it is now. Null: it was deleted in the meantime. */
  readonly snapshot: LoginSnapshot | null;
  readonly decision: Made;
}

/** The changes by a remember cookie: the tokens, and the session if it is restored. */
export interface RememberChange {
  readonly remember: RememberPart;
  /** The hash of the token that goes out with the restored session. Undefined: no session is restored. */
  readonly tokenHash?: string | undefined;
}
