/** Notes errors that would have ended the process of an application. */

/** The errors since `watchProcess` was called that no code has caught. */
export interface ProcessWatch {
  readonly uncaught: unknown[];
  stop(): void;
}

/** Begins to note uncaught exceptions and unhandled rejections, in place of ending the process. */
export function watchProcess(): ProcessWatch {
  const uncaught: unknown[] = [];
  const note = (error: unknown): unknown => uncaught.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  return {
    uncaught,
    stop: () => {
      process.off('uncaughtException', note).off('unhandledRejection', note);
    },
  };
}
