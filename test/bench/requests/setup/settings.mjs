/** Holds the numbers of rounds and requests, for a whole run and for a quick one. */

/** A whole run takes about ten minutes on two cores. */
export const WHOLE = {
  inProcess: { rounds: 5, warmUp: 3_600, turns: 8, turn: 500 },
  redis: { rounds: 5, warmUp: 2_000, turns: 5, turn: 600, latencyTurn: 150 },
  commands: { turn: 60 },
  memory: { logins: 3_000 },
  loginTime: { rounds: 7, users: 40 },
};

/** A quick run shows that everything works. Its figures are not to be trusted, and its ratios are not enforced. */
export const QUICK = {
  inProcess: { rounds: 1, warmUp: 300, turns: 3, turn: 150 },
  redis: { rounds: 1, warmUp: 150, turns: 3, turn: 150, latencyTurn: 60 },
  commands: { turn: 15 },
  memory: { logins: 300 },
  loginTime: { rounds: 3, users: 5 },
};

/** Requests of /public and /protected come from this many logins. */
export const LOGGED_IN = 32;
export const CONNECTIONS = 16;
