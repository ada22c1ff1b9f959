/** Counts the commands of a request, and the bytes that Redis keeps for a login. */
import { COMMANDS, MEMORY } from '../report/measures.mjs';
import { FLOOR } from '../setup/programs.mjs';
import { CONNECTIONS } from '../setup/settings.mjs';

const onRedis = (programs) => programs.filter(({ name }) => name !== FLOOR);

/** Counts the commands that a program sends. The statistics of Redis would count the calls of scripts as well. */
export async function measureCommands(programs, redis, { figures, settings, progress }) {
  const { turn } = settings.commands;
  progress('Redis: commands of a request');

  for (const program of onRedis(programs))
    for (const [route, measure] of Object.entries(COMMANDS)) {
      const sent = await redis.commandsDuring(() => program.turnByLoad(route, turn, { connections: 1 }));
      figures.add(measure, program.name, summary(sent, turn));
    }
}

/** Returns the commands of one request, such as "3: del, 2 set". */
function summary(sent, requests) {
  const counts = new Map();
  for (const command of sent) counts.set(command, (counts.get(command) ?? 0) + 1);

  const each = [...counts].map(([command, count]) => {
    const average = perRequest(count, requests);
    return average === 1 ? command : `${average} ${command}`;
  });
  return each.length ? `${perRequest(sent.length, requests)}: ${each.join(', ')}` : '0';
}

const perRequest = (count, requests) => Number((count / requests).toFixed(2));

/** Measures each program in an empty Redis, because the tables of Redis grow in steps. */
export async function measureMemory(programs, redis, { figures, settings, progress }) {
  const { logins } = settings.memory;
  progress('Redis: memory of a login');

  for (const program of onRedis(programs)) {
    await redis.empty();
    const before = await redis.usedMemory();
    await program.turnByLoad('login', logins, { connections: CONNECTIONS });
    figures.add(MEMORY, program.name, ((await redis.usedMemory()) - before) / logins);
  }
}
