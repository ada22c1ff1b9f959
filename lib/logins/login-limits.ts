/** The limits that logins keep to. */
import type { RecordLimits } from './login-decision.js';
import type { LoginCap } from './login-store.js';

/** All durations are milliseconds. */
export interface LoginLimits extends RecordLimits {
  readonly login: {
    readonly idle: number;
    readonly absolute: number;
    readonly maxLogins: number;
    readonly whenFull: LoginCap['whenFull'];
  };
  readonly userKeySalt: string;
}
