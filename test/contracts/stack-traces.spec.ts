/** The private facts of V8's stack traces that lib/exceptions/call-sites.ts stands on, each by name. */
import { setImmediate as tick } from 'node:timers/promises';
import { callSites } from '../../lib/exceptions/call-sites.js';

/** A function that awaits another function, as lib/user/user-loading.ts does. */
async function callLoginLoader(load: () => Promise<unknown>): Promise<unknown> {
  const answer = await load();
  return answer;
}

const namesOf = (sites: readonly NodeJS.CallSite[]): (string | null)[] => sites.map((site) => site.getFunctionName());

async function waitDeep(depth: number): Promise<readonly NodeJS.CallSite[]> {
  if (depth > 0) return await waitDeep(depth - 1);
  await tick();
  return callSites(200);
}

describe('a stack trace', () => {
  it('begins at the caller of the function that captureStackTrace() is given, and ends at the limit', () => {
    function inner(): (string | null)[] {
      return namesOf(callSites(2));
    }
    function outer(): (string | null)[] {
      const names = inner();
      return names;
    }
    expect(outer()).toEqual(['inner', 'outer']);
  });

  it('names the code that reads a property below the accessor of the property', () => {
    const holder = {
      get trace(): readonly NodeJS.CallSite[] {
        return callSites(2);
      },
    };
    function reader(): readonly NodeJS.CallSite[] {
      const { trace } = holder;
      return trace;
    }
    expect(namesOf(reader())).toEqual(['get trace', 'reader']);
    expect(reader()[1]?.getFileName()).toContain('stack-traces.spec');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['before its first await', async () => namesOf(callSites(200))],
    ['behind an await', async () => namesOf(await waitDeep(0))],
    ['behind 100 awaits', async () => namesOf(await waitDeep(100))],
  ])('names an asynchronous caller that waits, %s', async (_place, load) => {
    const names = (await callLoginLoader(load)) as (string | null)[];
    expect(names.some((name) => name?.endsWith('callLoginLoader'))).toBe(true);
  });
});
