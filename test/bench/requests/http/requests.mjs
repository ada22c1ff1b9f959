/** Makes the same requests for every program, in the same order. */

/** Every request carries these headers of a browser. */
const HEADERS = {
  host: '127.0.0.1',
  'user-agent': 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  accept: 'application/json, text/plain, */*',
  'accept-language': 'en-US,en;q=0.9',
  'accept-encoding': 'gzip, deflate, br',
};

/** Five users share fifteen logins. The first has one, the fifth has five. */
const OWNERS = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4];
/** Two logins of one user are therefore never under way at once. */
const GROUPS = 20;
const BLOCK = GROUPS * OWNERS.length;

/** Returns the id of the user for the login of this number. */
export function userOfLogin(number) {
  const block = Math.floor(number / BLOCK);
  const place = number % BLOCK;
  const group = block * GROUPS + (place % GROUPS);

  return `u${group * 5 + OWNERS[Math.floor(place / GROUPS)]}`;
}

/**
 * Returns one request of a turn.
 * @param turn `route` is the first part of the path, and `credentials` are headers of logged-in users.
 * `firstLogin` is the number of the turn's first login. `users`, if given, log in instead of numbered users.
 */
export function requestOf({ route, credentials, firstLogin, users }, index) {
  if (route === 'login') {
    const id = users ? users[index % users.length] : userOfLogin(firstLogin + index);
    return { method: 'POST', path: `/login/${id}`, headers: HEADERS };
  }

  const credential = credentials[index % credentials.length];
  return { method: 'GET', path: `/${route}`, headers: { ...HEADERS, ...credential } };
}

/** Returns a single request. */
export const singleRequest = (method, path, credential = {}) => ({
  method,
  path,
  headers: { ...HEADERS, ...credential },
});
