/** Gives better-auth a database of users, and a place for sessions in Redis or in a map. */
import { createAdapterFactory } from 'better-auth/adapters';
import { findUser } from './users.mjs';

const THE_PAST = new Date(0);

/** Returns any user by its id, as in the other programs. better-auth asks its database for nothing else here. */
export const usersAdapter = createAdapterFactory({
  config: { adapterId: 'users', supportsDates: true },
  adapter: () => ({
    async findOne({ model, where }) {
      if (model !== 'user') return null;
      const { id } = await findUser(where[0].value);

      return {
        id,
        name: id,
        email: `${id}@example.com`,
        emailVerified: true,
        createdAt: THE_PAST,
        updatedAt: THE_PAST,
      };
    },
    ...Object.fromEntries(
      ['create', 'update', 'updateMany', 'delete', 'deleteMany', 'findMany', 'count'].map((method) => [method, refuse]),
    ),
  }),
});

async function refuse() {
  throw new Error('Only users are in this database, and nobody changes them.');
}

/** Makes the storage of sessions. @param client the connected Redis client, or undefined */
export function sessionStorage(client) {
  if (!client) {
    const values = new Map();
    return {
      get: async (key) => values.get(key) ?? null,
      set: async (key, value) => void values.set(key, value),
      delete: async (key) => void values.delete(key),
    };
  }

  return {
    get: (key) => client.get(key),
    set: (key, value, seconds) => client.set(key, value, { expiration: { type: 'EX', value: seconds } }),
    delete: (key) => client.del(key),
  };
}
