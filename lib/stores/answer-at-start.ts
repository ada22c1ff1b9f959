/** A store's answer while the application starts, which must not wait for it for ever. */

/** Milliseconds that it is waited for. */
const PATIENCE = 5000;

/** The answer, or an error that says that none came. */
export async function answerAtStart<Answer>(answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
