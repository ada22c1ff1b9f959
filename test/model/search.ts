/** Breadth-first search through every state of a model, and the shortest way to one that breaks a promise. */

/** A step of a model: its name, its next state, and the promise that it breaks, if any. */
export interface Step<State> {
  readonly what: () => string;
  readonly next: State;
  readonly broken?: string | undefined;
}

/** The result of a search. */
export interface Finding {
  /** how many different states are reachable, as far as the search went */
  readonly states: number;
  /** the steps of a shortest way to a broken promise, then the promise; undefined: none is broken */
  readonly counterexample: readonly string[] | undefined;
}

/**
 * @param stepsOf every step that is possible in a state, always in the same order
 * @param keyOf the same text for states that behave the same
 */
export function explore<State>(
  start: State,
  stepsOf: (state: State) => readonly Step<State>[],
  keyOf: (state: State) => string,
): Finding {
  const seen = new Set([keyOf(start)]);
  // The former state of each state, and the step between them.
  const from: number[] = [-1];
  const by: number[] = [-1];
  let generation: { readonly state: State; readonly id: number }[] = [{ state: start, id: 0 }];
  while (generation.length > 0) {
    const next: typeof generation = [];
    for (const { state, id } of generation)
      for (const [place, step] of stepsOf(state).entries()) {
        if (step.broken !== undefined) {
          const way = told(start, [...wayTo(id, from, by), place], stepsOf);
          return { states: seen.size, counterexample: [...way, `broken: ${step.broken}`] };
        }
        const key = keyOf(step.next);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ state: step.next, id: from.push(id) - 1 });
        by.push(place);
      }
    generation = next;
  }
  return { states: seen.size, counterexample: undefined };
}

function wayTo(id: number, from: readonly number[], by: readonly number[]): number[] {
  const way: number[] = [];
  for (let at = id; at > 0; at = from[at] as number) way.unshift(by[at] as number);
  return way;
}

/** Repeats the steps, and describes each of them. */
function told<State>(
  start: State,
  way: readonly number[],
  stepsOf: (state: State) => readonly Step<State>[],
): string[] {
  let state = start;
  return way.map((place) => {
    const step = stepsOf(state)[place] as Step<State>;
    state = step.next;
    return step.what();
  });
}
