/** Checks the files around the code. The workflow runs every required check, and a release checks itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../architecture/project.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('the workflow of a pull request', () => {
  it('runs every command of .ci/run, in its order', () => {
    const commands = [...read('.ci/run').matchAll(/^npm (run )?[\w:]+/gm)].map(([command]) => command);
    const steps = [...read('.github/workflows/ci.yml').matchAll(/run: (npm (?:run )?[\w:]+)$/gm)].map(
      ([, command]) => command,
    );
    expect(commands.length).toBeGreaterThan(3);
    expect(steps).toEqual(commands);
  });

  it('names each step by a sentence', () => {
    const names = [...read('.github/workflows/ci.yml').matchAll(/- name: (.+)$/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => name.split(' ').length < 3)).toEqual([]);
  });
});

describe('a release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-login-release-'));
    writeFileSync(join(folder, 'package.json'), '{ "version": "1.2.3" }');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the check of the release workflow. Returns its exit code and its messages. */
  function check(tag: string, changelog: string): { status: number | null; stderr: string } {
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    const script = join(ROOT, 'scripts/check-release.mjs');
    const { status, stderr } = spawnSync('node', [script, tag], { cwd: folder, encoding: 'utf8' });
    return { status, stderr };
  }
  const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-27\n\n- A change.\n';

  it('goes on where tag, package and changelog name one version', () => {
    expect(check('v1.2.3', CHANGELOG)).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    ['another tag', 'v1.2.4', CHANGELOG, 'The tag is "v1.2.4"'],
    ['no tag', '', CHANGELOG, 'The tag is ""'],
    ['a changelog without the version', 'v1.2.3', '## [Unreleased]\n', 'no section "## [1.2.3]'],
    ['a changelog without the date', 'v1.2.3', '\n## [1.2.3] - soon\n', 'no section "## [1.2.3]'],
  ])('stops at %s', (_, tag, changelog, message) => {
    const { status, stderr } = check(tag, changelog);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
  });
});
