/** The layers as data: the rows of lib/, lowest first, and their allowed imports. */

/**
 * A name with a slash is a folder of lib/, one without is a file. A file imports its own folder or a lower row, never a
 * neighbour in its row; the files of one row count as one folder.
 */
export const ROWS: readonly (readonly string[])[] = [
  ['exceptions/'],
  ['events/', 'http/', 'metadata/'],
  ['logins/'],
  ['options/'],
  ['session/'],
  ['remember-me/', 'challenge/'],
  ['context/'],
  ['user/'],
  ['actions/'],
  ['login-manager.service.ts'],
  ['guards/'],
  ['decorators/'],
  ['filters/', 'stores/', 'express/'],
  ['login.module.ts', 'login.module-definition.ts', 'login.providers.ts'],
  ['index.ts'],
  ['testing/'],
];

/** These folders import less than their row would allow: only the listed folders, beside their own. */
export const NARROWER: Readonly<Record<string, readonly string[]>> = {
  'stores/': ['logins/', 'exceptions/'],
  'express/': ['exceptions/', 'http/', 'logins/', 'options/', 'session/', 'context/'],
  'testing/': ['index.ts'],
};

/** Only these know Express, so that another platform is an adapter and not a rewrite. */
export const KNOW_EXPRESS: readonly string[] = ['express/'];
