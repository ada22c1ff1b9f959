/** `nestjs-login/testing`: what the tests of an application, or of a new store, need. */
export { loginAs } from './login-as.js';
export { loginCookies } from './login-cookies.js';
export type { BrowserCookie, LoginCookiesOptions } from './login-cookies.js';
export type { LoginAsOptions } from './real-login.js';
export { loginStoreContract } from './login-store-contract.js';
export type { StoreContractCase } from './contract/contract-case.js';
