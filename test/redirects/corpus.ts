/** The redirect corpus of the rows F1, F2 and F4 of SECURITY.md, and the definition of a Location that escapes. */
import { readFileSync } from 'node:fs';

/**
 * One value that somebody may hand in as `next`, for a site at https://app.example with the login view /login and the
 * refresh view /reauthenticate.
 */
type CorpusEntry = {
  readonly value: unknown;
  readonly class: string;
  /**
   * `leaves`: followed as it is, it leads off the site, so it is refused. `refused`: followed as it is it would stay,
   * or cannot be followed at all, and it is refused all the same. `stays`: a page of ours that is gone on to.
   */
  readonly expected: 'leaves' | 'refused' | 'stays';
};

/** Every entry, in the order of the file. Values of other types than text stand as they come out of a JSON body. */
export const corpus: readonly CorpusEntry[] = JSON.parse(
  readFileSync(new URL('./corpus.json', import.meta.url), 'utf8'),
) as CorpusEntry[];

/**
 * True where a browser on the login page that follows this Location ends on another origin, or with a scheme of no
 * host.
 */
export function leaves(location: string, origin: string): boolean {
  const page = `${origin}/login`;
  if (!URL.canParse(location, page)) return false;
  const target = new URL(location, page);
  return target.origin !== origin || target.protocol !== new URL(origin).protocol;
}

/** True where a Location leaves, or leads to a path that leaves as soon as somebody sends it on without its host. */
export function escapes(location: string, origin: string): boolean {
  if (leaves(location, origin)) return true;
  const page = `${origin}/login`;
  return URL.canParse(location, page) && new URL(location, page).pathname.startsWith('//');
}
