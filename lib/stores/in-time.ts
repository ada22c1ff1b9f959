/** An answer that is not waited for for ever. */

/** Milliseconds that a check at the application's start waits. */
export const PATIENCE_AT_START = 5000;

/** The answer, or an error that says that none came within so many milliseconds. */
export async function inTime<Answer>(answer: Promise<Answer>, patience: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
