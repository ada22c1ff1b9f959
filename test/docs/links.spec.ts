/** Holds the links of the documents, and the tests that SECURITY.md names. */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from '../architecture/project.js';
import { DOCUMENTS, read } from './documents.js';

/** Relative links, and paths of pictures. */
const linksOf = (document: string): string[] =>
  [...read(document).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)]
    .map(([, link, source]) => link ?? source ?? '')
    .filter((link) => !/^https?:/.test(link));

/** Returns the anchors of the headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Returns the links of a document that lead to no file or no heading. */
function deadLinks(document: string): string[] {
  return linksOf(document).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? document : relative(ROOT, join(ROOT, dirname(document), path));
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchors(read(file)).includes(anchor);
  });
}

describe('SECURITY.md', () => {
  const rows = [...read('SECURITY.md').matchAll(/^\| ([A-JX]\d+) \|.*$/gm)].map(([row, id = '']) => ({ id, row }));
  const named = rows.flatMap(({ id, row }) =>
    [...row.matchAll(/`(test\/[^`]+)`(?:: "([^"]+)")?/g)].map(([, file = '', name = '']) => ({ id, file, name })),
  );

  it('has each row once, with a test', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids).toContain('A1');
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.filter((id) => !named.some((test) => test.id === id))).toEqual([]);
  });

  it.each(named)('names a test that exists for $id: $file $name', ({ id, file, name }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    if (name) expect(read(file)).toContain(name);
    else expect(read(file)).toMatch(new RegExp(`['"\`][^'"\`\\n]*\\b${id}\\b`));
  });
});

describe('every document', () => {
  it.each(DOCUMENTS)('has links that lead somewhere: %s', (document) => {
    expect(deadLinks(document)).toEqual([]);
  });
});

describe('the README', () => {
  it('links to files of the package alone, so that its links work where it is installed', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    const packed = [...files, 'LICENSE', 'README.md'];
    const isPacked = (path: string): boolean => packed.some((file) => path === file || path.startsWith(`${file}/`));
    const paths = linksOf('README.md').map((link) => link.split('#')[0] ?? '');

    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter((path) => path !== '' && !isPacked(path))).toEqual([]);
  });
});

describe('the rule itself', () => {
  it('makes the anchors that GitHub makes', () => {
    expect(anchors('# A\n## Try it: `npm start`\n')).toEqual(['a', 'try-it-npm-start']);
  });
});
