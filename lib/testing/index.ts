/** Exports `nestjs-login/testing`: helpers for the tests of an application, and the contract of a store. */
export { loginAs } from './login-as.js';
export { loginCookies } from './login-cookies.js';
export type { BrowserCookie, LoginCookiesOptions } from './login-cookies.js';
export type { LoginAsOptions } from './real-login.js';
export { loginStoreContract } from './login-store-contract.js';
export type { StoreContractCase } from './contract/contract-case.js';
