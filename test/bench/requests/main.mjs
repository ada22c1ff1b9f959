/**
 * Compares the costs of a request with this library and with others, by `npm run bench:requests`.
 *
 * `-- --only in-process` or `-- --only redis` runs one part. `-- --quick` only shows that everything works.
 * Each program runs in a process of its own. The programs take turns within each round, because a busy machine then
 * slows all of them alike. A ratio is the median of the rounds' ratios.
 * Exits with 1 if a program answers wrongly, or if a ratio of report/required-ratios.json is missed.
 */
import { parseArgs } from 'node:util';
import { measureInProcess } from './parts/in-process.mjs';
import { measureOnRedis } from './parts/redis.mjs';
import { Figures } from './report/figures.mjs';
import { compareWithRequired } from './report/required.mjs';
import { inProcessTable, redisTables, surroundings } from './report/tables.mjs';
import { install, nameWithVersion } from './setup/install.mjs';
import { PROGRAMS } from './setup/programs.mjs';
import { QUICK, WHOLE } from './setup/settings.mjs';

const PARTS = {
  'in-process': { measure: measureInProcess, print: inProcessTable },
  redis: { measure: measureOnRedis, print: redisTables },
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

try {
  process.exit((await bench(readOptions())) ? 0 : 1);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

function readOptions() {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
  const { quick, only } = values;
  if (only !== undefined && !(only in PARTS))
    throw new Error(`There is no part "${only}". Write ${Object.keys(PARTS).join(' or ')}.`);

  return {
    isQuick: quick,
    parts: Object.entries(PARTS).flatMap(([name, part]) => (only && only !== name ? [] : part)),
  };
}

/** Measures and prints. Returns whether the required ratios are met. */
async function bench({ isQuick, parts }) {
  progress('installing the packages of package-lock.json, and this library');
  install();
  const notes = [];
  const run = {
    figures: new Figures(),
    settings: isQuick ? QUICK : WHOLE,
    versions: PROGRAMS.flatMap(({ packages }) => packages).map(nameWithVersion),
    progress,
    onAbsent: ({ name }, reason) => notes.push(`\`${name}\` was left out: ${reason}`),
  };

  for (const part of parts) await part.measure(run);

  print(surroundings(run.versions));
  for (const part of parts) print(part.print(run.figures));
  for (const note of new Set(notes)) print(note);
  const { text, isMet } = compareWithRequired(run.figures);
  print(`## Required ratios\n\n${text}`);
  if (isQuick) print('A quick run enforces no ratio.');
  return isMet || isQuick;
}

function print(text) {
  process.stdout.write(`${text}\n\n`);
}

function progress(text) {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(4)} s  ${text}\n`);
}
