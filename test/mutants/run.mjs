/**
 * Shows that the tests detect faults. Breaks one line of lib/ at a time in a copy, and expects a named test to fail.
 *
 * Each entry of mutants.json holds a line of a file without its indentation, and the line that replaces it. The line
 * has to be in the file exactly once. The entry also holds words from the full name of exactly one test of a spec.
 * Everything is written below a temporary folder, which is deleted at the end.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const LIST = 'test/mutants/mutants.json';
const FIELDS = ['name', 'file', 'find', 'replace', 'test', 'testName'];
const COPIED = [
  'package.json',
  'jest.config.js',
  'tsconfig.json',
  'tsconfig.esm.json',
  'tsconfig.cjs.json',
  'lib',
  'test',
];
/** The packages of the bench: large, and no test imports them. */
const NOT_COPIED = 'test/bench/requests/node_modules';
const LINKED = ['node_modules', 'dist', 'build'];
const AT_ONCE = 2;
/** Milliseconds that one run of jest may take. */
const LONGEST = 60_000;

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'nestjs-login-mutants-')));
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const listText = readFileSync(join(ROOT, LIST), 'utf8');
const mutants = JSON.parse(listText);

// One copy is the original of all others, so that an edit made meanwhile reaches either every run or none.
const original = join(scratch, 'original');
const filter = (path) => relative(ROOT, path) !== NOT_COPIED;
for (const name of COPIED)
  if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(original, name), { recursive: true, filter });
link(original);

stopAt(mutants.flatMap((mutant) => faultOf(mutant) ?? []));
stopAt(await faultsUnpatched());

const verdicts = [];
const waiting = [...mutants.entries()];
await Promise.all(Array.from({ length: AT_ONCE }, work));

const count = (kind) => verdicts.filter((verdict) => verdict === kind).length;
const broken = count('broken') ? `, ${count('broken')} broken` : '';
console.log(`mutants: ${count('killed')} killed, ${count('survived')} survived${broken}`);
process.exit(count('killed') === mutants.length ? 0 : 1);

async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [number, mutant] = next;
    const { verdict, line } = judge(mutant, await tryOut(mutant, join(scratch, `mutant-${number}`)));
    verdicts.push(verdict);
    console.log(line);
  }
}

/** Applies a mutant in a copy of its own and runs its test there. */
async function tryOut(mutant, folder) {
  for (const name of COPIED)
    if (existsSync(join(original, name))) cpSync(join(original, name), join(folder, name), { recursive: true });
  link(folder);
  const lines = readFileSync(join(folder, mutant.file), 'utf8').split('\n');
  const patched = lines.map((line) =>
    line.trim() === mutant.find ? line.replace(/\S.*$/, () => mutant.replace) : line,
  );
  writeFileSync(join(folder, mutant.file), patched.join('\n'));
  return jest(folder, [mutant]);
}

/** Killed: the one test ran, and an expectation of it was not met. Any other failure says nothing about the test. */
function judge(mutant, run) {
  const { name, testName } = mutant;
  const [result, ...others] = testsOf(mutant, run);
  const as = (verdict, line) => ({ verdict, line });
  if (!result || others.length) return as('broken', `BROKEN ${name}: its test did not run. ${run.trouble}`);
  if (result.status === 'passed') return as('survived', `SURVIVED ${name}`);
  if (run.code !== 0 && result.failureDetails.some(isAssertion)) return as('killed', `killed ${name} by ${testName}`);
  const [message = ''] = result.failureMessages;
  return as('broken', `BROKEN ${name}: its test failed, but by no expectation: ${message.split('\n')[0]}`);
}

/**
 * From `expect`, or from node:assert, with which the contract of a store is written; jest keeps the text of those
 * alone.
 */
function isAssertion(detail) {
  return detail?.matcherResult?.pass !== undefined || /^assert[.(]/.test(detail?.message ?? '');
}

/** The tests that ran in the mutant's spec under its name. */
function testsOf({ test, testName }, { report, folder }) {
  const spec = report?.testResults.find((each) => each.name === join(folder, test));
  const ran = spec?.assertionResults.filter(({ status }) => status === 'passed' || status === 'failed') ?? [];
  return ran.filter(({ fullName }) => fullName.includes(testName));
}

/** Returns the fault of an entry that cannot be tried: it is malformed, or the line has changed. */
function faultOf(mutant) {
  const wrong = FIELDS.filter((field) => typeof mutant[field] !== 'string' || /^\s|\n|\s$|^$/.test(mutant[field]));
  const where = `${LIST}:${lineInList(mutant)} (${mutant.name})`;
  if (wrong.length) return `${where}: ${wrong.join(', ')} must be one line of text without blanks around it.`;
  if (mutant.find === mutant.replace) return `${where}: "replace" is "find" again.`;
  for (const file of [mutant.file, mutant.test])
    if (!existsSync(join(original, file))) return `${where}: there is no file ${file}; say where its code went.`;
  const lines = readFileSync(join(original, mutant.file), 'utf8').split('\n');
  const found = lines.filter((line) => line.trim() === mutant.find).length;
  if (found === 1) return undefined;
  return `${where}: no longer applies. ${mutant.file} must hold this line once and holds it ${found} times; update "find" and "replace":\n  ${mutant.find}`;
}

/** The number of the line in mutants.json where an entry begins with its name. */
function lineInList({ name }) {
  return listText.slice(0, Math.max(0, listText.indexOf(`"name": ${JSON.stringify(name)}`))).split('\n').length;
}

/** Runs every named test on the code as it is. A test that is missing, ambiguous or red could not tell anything. */
async function faultsUnpatched() {
  const run = await jest(original, mutants);
  return mutants.flatMap((mutant) => {
    const tests = testsOf(mutant, run);
    const where = `${LIST}:${lineInList(mutant)} (${mutant.name})`;
    if (tests.length !== 1)
      return `${where}: ${tests.length} tests of ${mutant.test} ran under the name "${mutant.testName}", it must be one. ${run.trouble}`;
    if (tests[0].status === 'passed') return [];
    return `${where}: "${mutant.testName}" fails without the mutant:\n${tests[0].failureMessages.join('\n')}`;
  });
}

/** Runs the tests of these mutants in a folder. `trouble` is what jest said where it has no results to show. */
async function jest(folder, wanted) {
  const file = join(folder, 'report.json');
  const names = wanted.map(({ testName }) => testName.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const specs = [...new Set(wanted.map(({ test }) => join(folder, test)))];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const output = ['--json', `--outputFile=${file}`, `--cacheDirectory=${join(scratch, 'cache')}`];
  const selection = [`--testNamePattern=${names.join('|')}`, '--runTestsByPath', ...specs];
  const child = spawn(
    process.execPath,
    [...flags, 'node_modules/jest/bin/jest.js', '--runInBand', '--forceExit', ...output, ...selection],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: LONGEST, killSignal: 'SIGKILL' },
  );
  running.add(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  running.delete(child);
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const late = code === null ? `jest was stopped after ${LONGEST / 1000} seconds.` : '';
  const failed = report?.testResults.filter(({ assertionResults }) => !assertionResults.length) ?? [];
  const words = report ? failed.map(({ message }) => message).join('\n') : said.slice(-2_000);
  const trouble = [late, words].filter(Boolean).join('\n').split('\n').slice(0, 15).join('\n').trim();
  return { code, report, folder, trouble };
}

function link(folder) {
  for (const name of LINKED) if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(folder, name));
}

function stopAt(faults) {
  if (!faults.length) return;
  for (const fault of faults) console.error(fault);
  console.error(`mutants: none tried, ${faults.length} to put right`);
  process.exit(1);
}
