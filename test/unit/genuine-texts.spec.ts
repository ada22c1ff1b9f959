/** Shows which signed texts a process remembers: some thousands that it has verified, and no others. */
import { GenuineTexts } from '../../lib/http/genuine-texts.js';

describe('a signed text', () => {
  const asked: string[] = [];
  let texts: GenuineTexts;
  const isGenuine = (text: string, verdict = true): boolean =>
    texts.isGenuine(text, () => {
      asked.push(text);
      return verdict;
    });
  beforeEach(() => {
    asked.length = 0;
    texts = new GenuineTexts();
  });

  it('is verified once, and then known', () => {
    expect([isGenuine('one'), isGenuine('one', false)]).toEqual([true, true]);
    expect(asked).toEqual(['one']);
  });

  it('is verified each time where it is not genuine', () => {
    expect([isGenuine('forged', false), isGenuine('forged', false)]).toEqual([false, false]);
    expect(asked).toEqual(['forged', 'forged']);
  });

  it('is not taken for another one of which one character differs', () => {
    isGenuine('one.signature');
    expect(isGenuine('one.signaturf', false)).toBe(false);
  });

  it('stays known while 5,000 others come, and longer where it is in use', () => {
    isGenuine('used');
    for (let other = 0; other < 4_999; other += 1) isGenuine(`before-${other}`);
    isGenuine('used');
    for (let other = 0; other < 4_999; other += 1) isGenuine(`after-${other}`);

    asked.length = 0;
    isGenuine('used');
    expect(asked).toEqual([]);
  });

  it('is forgotten after 10,000 others, so that no flood of logins fills the memory', () => {
    isGenuine('unused');
    for (let other = 0; other < 10_000; other += 1) isGenuine(`other-${other}`);

    asked.length = 0;
    isGenuine('unused');
    expect(asked).toEqual(['unused']);
  });
});
