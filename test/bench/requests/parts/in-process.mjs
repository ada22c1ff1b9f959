/** Measures the CPU time of a request in process, with sessions in memory. */
import { IN_PROCESS } from '../report/measures.mjs';
import { PROGRAMS } from '../setup/programs.mjs';
import { startAll } from './started-program.mjs';
import { takeTurns } from './take-turns.mjs';

const ON_MEMORY = PROGRAMS.filter(({ storages }) => storages.includes('memory'));
const ROUTES = Object.entries(IN_PROCESS);
/** The routes warm up in turns. The compiler would discard code that it made for one route alone. */
const PASSES = 3;

/**
 * Starts every program anew in each round, because the compiler's code for one program differs between processes.
 * @param run `figures`, `settings`, `progress` and `onAbsent`
 */
export async function measureInProcess({ figures, settings, progress, onAbsent }) {
  const { rounds, warmUp, turns, turn } = settings.inProcess;

  for (let round = 1; round <= rounds; round += 1) {
    progress(`in process: round ${round} of ${rounds}`);
    const programs = await startAll(ON_MEMORY, { onAbsent });
    await Promise.all(programs.map((program) => warm(program, warmUp)));

    for (const [route, measure] of ROUTES)
      await takeTurns({ programs, turns, figures }, measure, (program) => program.turn(route, turn));
    for (const program of programs) await program.end();
  }
}

async function warm(program, requests) {
  for (let pass = 0; pass < PASSES; pass += 1)
    for (const [route] of ROUTES) await program.turn(route, requests / PASSES);
}
