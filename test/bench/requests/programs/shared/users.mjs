/** Stands for the users of an application. Every program loads them here, asynchronously and without a table. */
export async function findUser(id) {
  return { id };
}
