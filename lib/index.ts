/** The public surface of nestjs-login. */
export { CurrentUser } from './decorators/current-user.decorator.js';
export { UseSession } from './decorators/use-session.decorator.js';
export { Fresh, LoginRequired, LoginView, Public } from './decorators/access.decorators.js';
export {
  NeedsRefreshHandler,
  OnLogin,
  RequestLoader,
  UnauthorizedHandler,
  UnavailableHandler,
  UserLoader,
} from './decorators/handler.decorators.js';
export type { LoginEventStream } from './events/login-event-stream.js';
export type {
  ClientFacts,
  LoginEventName,
  LoginEvents,
  LoginFacts,
  LoginListener,
  RefusalFacts,
} from './events/login-events.js';
export type { LoginErrorCode, LoginFaultCode, LoginRefusalCode } from './exceptions/login-error-code.js';
export { LoginFault } from './exceptions/login-fault.js';
export {
  CrossSiteLoginException,
  FreshLoginRequiredException,
  LoginRequiredException,
} from './exceptions/login-refusals.js';
export { LoginUnavailableException } from './exceptions/login-unavailable.exception.js';
export { LoginRequiredGuard } from './guards/login-required.guard.js';
export type { LoginRequest } from './http/login-request.js';
export { LoginManagerService } from './login-manager.service.js';
export type { SessionOf } from './login-manager.service.js';
export { LoginModule } from './login.module.js';
export type {
  LoginModuleAsyncExtras,
  LoginModuleAsyncOptions,
  LoginModuleExtras,
  LoginModuleOptions,
  LoginOptionsByClass,
  LoginOptionsByExisting,
  LoginOptionsByFactory,
  LoginOptionsFactory,
} from './login.module-definition.js';
export type { LoginRecord, RememberPart, SentToken, SessionPart, SupersededToken } from './logins/login-record.js';
export type { LoginStorage, SessionStore, StoredSession } from './logins/login-storage.js';
export { LoginStore } from './logins/login-store.js';
export type { FoundLogin, InsertedLogin, ListedLogins, LoginCap, LoginUse } from './logins/login-store.js';
export type { LoginDevice } from './actions/login-devices.js';
export type { LoginUserOptions } from './actions/login-user-options.js';
export type { ChallengeRequest } from './challenge/login-challenge.js';
export type { Challenge, Flash } from './challenge/notices.js';
export type { LoginRefusal } from './context/login-context.js';
export type { Duration } from './options/duration.js';
export type {
  LoadMode,
  LoginLifetimeOptions,
  LoginOptions,
  RememberOptions,
  SessionCookieOptions,
  SessionOptions,
} from './options/login-options.js';
export { MemoryLoginStore } from './stores/memory/memory-login-store.js';
export { MemorySessionStore } from './stores/memory/memory-session-store.js';
export { memoryStorage } from './stores/memory/memory-storage.js';
export type { MemoryStorage } from './stores/memory/memory-storage.js';
export type { LoginUser, LoginUserField, LoginUserId, Register } from './user/login-user.js';
export { OTHER_TENANT } from './user/other-tenant.js';
export { UserMixin } from './user/user-mixin.js';
