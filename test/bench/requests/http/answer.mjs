/** Reads an answer of HTTP/1.1 from its text. */

const STATUS_FROM = 'HTTP/1.1 '.length;

/** Returns the end of the answer within the text, or null if a part is missing. */
export function endOfAnswer(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return null;

  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
  if (!length) throw new Error(`The answer has no Content-Length: ${text.slice(0, head)}`);
  const end = head + 4 + Number(length[1]);
  return text.length < end ? null : end;
}

/** @throws Error if the status says that a request of a turn was refused or failed */
export function requireSuccess(status, { method, path }) {
  if (status !== 200 && status !== 201) throw new Error(`${method} ${path} was answered ${status}.`);
}

export const statusOf = (text) => Number(text.slice(STATUS_FROM, STATUS_FROM + 3));

/** Returns the status, the cookies as pairs of name and value, and the body if it is JSON. */
export function parseAnswer(text) {
  const end = text.indexOf('\r\n\r\n');
  const cookies = [...text.slice(0, end).matchAll(/\r\nset-cookie: *([^;\r]*)/gi)].map(([, pair]) => pair);

  return { status: statusOf(text), cookies, body: parseJson(text.slice(end + 4)) };
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
