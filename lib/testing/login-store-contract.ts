/** The promises of every LoginStore, as cases for any test runner. */
import type { StoreContractCase } from './contract/contract-case.js';
import { racingCallerCases } from './contract/racing-caller-cases.js';
import { singleCallerCases } from './contract/single-caller-cases.js';
import { userCases } from './contract/user-cases.js';

/**
 * The promises of `LoginStore`. Run each case against a new store:
 * `for (const { name, check } of loginStoreContract) it(name, async () => check(await makeStore()))`.
 */
export const loginStoreContract: readonly StoreContractCase[] = [
  ...singleCallerCases,
  ...racingCallerCases,
  ...userCases,
];
