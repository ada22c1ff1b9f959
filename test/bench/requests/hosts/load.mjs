/** Makes the requests of a turn over real connections, from a process of its own. */
import { requireSuccess, statusOf } from '../http/answer.mjs';
import { Connection } from '../http/connection.mjs';
import { requestOf } from '../http/requests.mjs';
import { serve } from './serve.mjs';

serve({ ask, turn });

/** Returns the text of the answer to one request. */
async function ask({ port, asked }) {
  const connection = await Connection.to(port);
  try {
    return await connection.send(asked);
  } finally {
    connection.close();
  }
}

/** Makes the requests of a turn. Returns the median time of an answer, in microseconds. */
async function turn({ port, connections, count, ...which }) {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.to(port)));
  const numbers = Array.from({ length: count }, (_, number) => number).values();
  const times = await Promise.all(open.map((connection) => sendEach(connection, numbers, which)));
  for (const connection of open) connection.close();

  const sorted = times.flat().toSorted((one, two) => one - two);
  return sorted[Math.floor(sorted.length / 2)] * 1_000;
}

/** Sends requests until the shared list of numbers is used up. Returns the milliseconds of each. */
async function sendEach(connection, numbers, which) {
  const times = [];
  for (const number of numbers) {
    const asked = requestOf(which, number);
    const begin = performance.now();
    const answer = await connection.send(asked);

    times.push(performance.now() - begin);
    requireSuccess(statusOf(answer), asked);
  }
  return times;
}
