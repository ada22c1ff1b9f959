/** ESM jest: npm test starts it with --experimental-vm-modules, since Nest 12 is ESM only. SWC emits the decorator metadata; tsc checks the types. */
export default {
  testEnvironment: 'node',
  maxWorkers: '100%',
  roots: ['<rootDir>/test'],
  globalSetup: '<rootDir>/test/support/start-servers.mjs',
  globalTeardown: '<rootDir>/test/support/stop-servers.mjs',
  testRegex: '\\.(e2e-)?spec\\.ts$',
  // Applications with package.json files of their own: `npm run consumers` and `npm run bench:requests` run them.
  modulePathIgnorePatterns: ['<rootDir>/test/consumers/', '<rootDir>/test/bench/requests/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    // A test imports the package by its name, as a user does, and runs its source.
    '^nestjs-login$': '<rootDir>/lib/index.ts',
    '^nestjs-login/testing$': '<rootDir>/lib/testing/index.ts',
    '^nestjs-login/(redis|sql)$': '<rootDir>/lib/stores/$1/index.ts',
    // TypeScript sources import './x.js'; jest finds './x.ts'.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2023',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts'],
};
