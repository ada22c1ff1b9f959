/** Lets a child process answer the commands of the process that started it. */

/** An object with methods that take one value and return one, or a promise of it. */
export function serve(commands) {
  process.on('message', async ({ command, input }) => {
    try {
      process.send({ result: await commands[command](input) });
    } catch (error) {
      process.send({ failure: { code: error.code ?? null, message: String(error.message) } });
    }
  });

  // The parent has ended, in whatever way.
  process.on('disconnect', () => process.exit());
}
