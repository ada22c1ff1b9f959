/** The databases of the tests: their addresses, and how a test says that it needs one. */

/** A database that the tests run on, see start-servers.mjs. */
export type Server = 'redis' | 'postgres';

const ADDRESSES: Readonly<Record<Server, string>> = { redis: 'TEST_REDIS_URL', postgres: 'TEST_POSTGRES_URL' };

/** The address of a server. */
export function addressOf(server: Server): string {
  const address = process.env[ADDRESSES[server]];
  if (!address) throw new Error(`${server} was not started: run the tests by \`npm test\`.`);
  return address;
}

/** `describe` for tests on these servers; skipped, by name, where TEST_WITHOUT leaves one of them out. */
export function describeOn(servers: readonly Server[], name: string, tests: () => void): void {
  const leftOut = servers.filter((server) => (process.env.TEST_WITHOUT ?? '').split(',').includes(server));
  if (leftOut.length) describe.skip(`${name} (left out by TEST_WITHOUT=${leftOut.join()})`, tests);
  else describe(name, tests);
}
