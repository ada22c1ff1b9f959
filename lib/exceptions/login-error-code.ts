/** The closed list of error codes. An application tells the errors of this package apart by them. */

/** Codes of faults that the application's developer repairs. The package throws them at start-up wherever possible. */
export type LoginFaultCode =
  | 'ERR_LOGIN_SECRET'
  | 'ERR_LOGIN_NO_USER_LOADER'
  | 'ERR_LOGIN_HANDLER_TWICE'
  | 'ERR_LOGIN_HANDLER_SCOPE'
  | 'ERR_LOGIN_UNKNOWN_OPTION'
  | 'ERR_LOGIN_RESERVED_OPTION'
  | 'ERR_LOGIN_INVALID_OPTION'
  | 'ERR_LOGIN_INVALID_DURATION'
  | 'ERR_LOGIN_COOKIE'
  | 'ERR_LOGIN_MEMORY_STORAGE'
  | 'ERR_LOGIN_STORAGE'
  | 'ERR_LOGIN_DISABLED_IN_PRODUCTION'
  | 'ERR_LOGIN_TRUST_PROXY'
  | 'ERR_LOGIN_MODULE'
  | 'ERR_LOGIN_SESSION_MOUNTED'
  | 'ERR_LOGIN_PLATFORM'
  | 'ERR_LOGIN_NOT_HTTP'
  | 'ERR_LOGIN_NO_REQUEST'
  | 'ERR_LOGIN_SESSION_NOT_LOADED'
  | 'ERR_LOGIN_SESSION_VALUE'
  | 'ERR_LOGIN_LOADER_REENTRY'
  | 'ERR_LOGIN_USER_ID'
  | 'ERR_LOGIN_USER_ACTIVE'
  | 'ERR_LOGIN_USER_STAMP'
  | 'ERR_LOGIN_INSECURE_CONNECTION'
  | 'ERR_LOGIN_HEADERS_SENT';

/** Codes of refusals and outages. The JSON response contains them as `code`. */
export type LoginRefusalCode =
  'ERR_LOGIN_REQUIRED' | 'ERR_FRESH_LOGIN_REQUIRED' | 'ERR_LOGIN_CROSS_SITE' | 'ERR_LOGIN_UNAVAILABLE';

/** Every code of this package. */
export type LoginErrorCode = LoginFaultCode | LoginRefusalCode;
