/** Takes the credential from the answer to a login, and forges it. */

/** Returns the headers of a logged-in user. A program without logins gets a cookie as well. */
export function credentialOf({ cookies, body }) {
  if (cookies.length) return { cookie: cookies.join('; ') };
  if (body?.token) return { authorization: `Bearer ${body.token}` };

  return { cookie: `session=${'x'.repeat(80)}` };
}

/** Changes one character of the signature. The last characters stay, because some of their bits are padding. */
export function forge(credential) {
  const [[name, value]] = Object.entries(credential);
  const place = value.length - 10;
  const other = value[place] === 'A' ? 'B' : 'A';

  return { [name]: value.slice(0, place) + other + value.slice(place + 1) };
}
