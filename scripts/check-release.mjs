// Checks that a release tag, package.json and CHANGELOG.md name the same version.
import { readFileSync } from 'node:fs';

const [tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const [, section] = readFileSync('CHANGELOG.md', 'utf8').split(`\n## [${version}] - `);

const faults = [
  tag === `v${version}` ? null : `The tag is "${tag}", and package.json has the version ${version}.`,
  /^\d{4}-\d{2}-\d{2}\n/.test(section ?? '') ? null : `CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD".`,
].filter((fault) => fault !== null);

for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
