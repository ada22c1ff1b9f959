/** Lets programs take turns, in a new random order each time. */
import { randomInt } from 'node:crypto';
import { quantile } from '../report/quantile.mjs';

/**
 * Adds the figure of each program to those of the round: the better quartile of its turns, because a busy machine only
 * makes turns worse.
 * @param round `programs`, the number of `turns`, and the `figures` that take the result
 * @param makeTurn makes the requests of one program, and returns a figure
 */
export async function takeTurns({ programs, turns, figures }, measure, makeTurn) {
  const made = new Map(programs.map((program) => [program, []]));
  for (let turn = 0; turn < turns; turn += 1)
    for (const program of shuffled(programs)) made.get(program).push(await makeTurn(program));

  const better = measure.isRate ? 0.75 : 0.25;
  for (const [program, all] of made) figures.add(measure, program.name, quantile(better, all));
}

function shuffled(list) {
  return list
    .map((item) => ({ item, place: randomInt(1_000_000) }))
    .toSorted((one, two) => one.place - two.place)
    .map(({ item }) => item);
}
