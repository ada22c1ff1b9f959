/** Waits for an answer, but not for ever. */

/** The time that a check at the application's start may take, in milliseconds. */
export const START_TIMEOUT = 5000;

/** Returns the answer. @throws Error when none comes within this many milliseconds */
export async function withTimeout<Answer>(answer: Promise<Answer>, timeout: number): Promise<Answer> {
  const watch: { timer?: NodeJS.Timeout } = {};
  const late = new Promise<never>((_, reject) => {
    watch.timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
  });

  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(watch.timer);
  }
}
