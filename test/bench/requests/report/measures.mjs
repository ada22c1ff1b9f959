/** Names the measures, and prints their figures. */
import { FLOOR } from '../setup/programs.mjs';

const microseconds = (figure) => `${figure.toFixed(0)} µs`;
const perSecond = (figure) => figure.toFixed(0);

const inProcess = (route) => ({
  id: `in-process ${route}`,
  part: 'in-process',
  floor: FLOOR,
  print: microseconds,
});
/** `isRate`: more is better. */
const byCpu = (route) => ({ id: `redis-cpu ${route}`, part: 'redis', isRate: true, print: perSecond });
const latency = (route) => ({ id: `redis-p50 ${route}`, part: 'redis', print: microseconds });
const commands = (route) => ({ id: `redis-commands ${route}`, part: 'redis' });

export const IN_PROCESS = {
  public: inProcess('/public'),
  protected: inProcess('/protected'),
  login: inProcess('/login'),
};
export const BY_CPU = { protected: byCpu('/protected'), login: byCpu('/login') };
export const LATENCY = { protected: latency('/protected'), login: latency('/login') };
export const COMMANDS = {
  public: commands('/public'),
  protected: commands('/protected'),
  login: commands('/login'),
};
export const MEMORY = { id: 'redis-memory', part: 'redis', print: (figure) => `${figure.toFixed(0)} bytes` };
export const LOGIN_TIME = { id: 'redis-login-time', part: 'redis', print: (figure) => `${figure.toFixed(1)} µs` };

/** The subjects of LOGIN_TIME: users with this many logins. */
export const ONE_LOGIN = '1 login';
export const HUNDRED_LOGINS = '100 logins';
export const AT_THE_CAP = '100 logins, at the cap';

const ALL = [IN_PROCESS, BY_CPU, LATENCY, COMMANDS, { MEMORY, LOGIN_TIME }].flatMap(Object.values);

/** Returns the measure of this id. */
export function measureOf(id) {
  const measure = ALL.find((each) => each.id === id);
  if (!measure) throw new Error(`There is no measure "${id}".`);
  return measure;
}
