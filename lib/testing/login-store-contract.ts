/** What every LoginStore promises, as cases that any test runner can run. */
import type { StoreContractCase } from './contract/contract-case.js';
import { racingCallerCases } from './contract/racing-caller-cases.js';
import { singleCallerCases } from './contract/single-caller-cases.js';
import { userCases } from './contract/user-cases.js';

/**
 * The promises of `LoginStore`, to be run against a store that was just made:
 * `for (const { name, check } of loginStoreContract) it(name, async () => check(await makeStore()))`.
 */
export const loginStoreContract: readonly StoreContractCase[] = [
  ...singleCallerCases,
  ...racingCallerCases,
  ...userCases,
];
