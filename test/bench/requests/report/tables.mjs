/** Prints the figures as tables in Markdown. */
import { availableParallelism, cpus } from 'node:os';
import { FLOOR, PROGRAMS, REFERENCE } from '../setup/programs.mjs';
import { CONNECTIONS } from '../setup/settings.mjs';
import {
  AT_THE_CAP,
  BY_CPU,
  COMMANDS,
  HUNDRED_LOGINS,
  IN_PROCESS,
  LATENCY,
  LOGIN_TIME,
  MEMORY,
  ONE_LOGIN,
} from './measures.mjs';

const line = (cells) => `| ${cells.join(' | ')} |`;

/** Returns a table. @param rows lists of cells, each as long as `head` */
export function table(head, rows) {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Returns the date, the machine and the versions. */
export function surroundings(versions) {
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    ['machine', `${cpus()[0].model.trim()}, ${availableParallelism()} cores`],
    ['versions', [`Node ${process.versions.node}`, ...versions].join(', ')],
  ];
  return table(['', ''], rows);
}

export function inProcessTable(figures) {
  const title = `CPU time of a request above \`${FLOOR}\`, and its ratio to \`${REFERENCE}\``;

  return `## In process, memory store\n\n${title}\n\n${programTable(Object.values(IN_PROCESS), figures)}`;
}

export function redisTables(figures) {
  const cpu = `Requests per CPU second of the server, and the ratio to \`${REFERENCE}\` (${CONNECTIONS} connections)`;
  const latency = `Median time of an answer, and its ratio to \`${REFERENCE}\` (one connection)`;
  const costs = 'Commands that a program sends to Redis for a request, and memory of Redis for a login';

  return [
    '## On Redis',
    `${cpu}\n\n${programTable(Object.values(BY_CPU), figures)}`,
    `${latency}\n\n${programTable(Object.values(LATENCY), figures)}`,
    `${costs}\n\n${programTable([...Object.values(COMMANDS), MEMORY], figures)}`,
    loginTimeTable(figures),
  ].join('\n\n');
}

function loginTimeTable(figures) {
  const title = 'Time of a login in Redis, by the logins that the user has already (this library)';
  const rows = [ONE_LOGIN, HUNDRED_LOGINS, AT_THE_CAP].map((subject) => [
    subject,
    LOGIN_TIME.print(figures.figure(LOGIN_TIME, subject)),
    `${figures.ratio(LOGIN_TIME, subject, ONE_LOGIN).median.toFixed(1)} times`,
  ]);

  return `${title}\n\n${table(['user has', 'time', 'ratio'], rows)}`;
}

function programTable(measures, figures) {
  const heads = measures.map(({ id }) => id.replace(/^.* (?=\/)/, '').replace('redis-memory', 'bytes per login'));
  const names = PROGRAMS.map(({ name }) => name).filter((name) => measures.some((each) => figures.has(each, name)));

  return table(
    ['program', ...heads],
    names.map((name) => [name, ...measures.map((measure) => cell(measure, name, figures))]),
  );
}

function cell(measure, name, figures) {
  if (!figures.has(measure, name)) return '-';
  if (!measure.print) return figures.latest(measure, name);
  if (name === measure.floor) return `(${measure.print(figures.plainFigure(measure, name))})`;

  const figure = measure.print(figures.figure(measure, name));
  return `${figure}, ${figures.ratio(measure, name, REFERENCE).median.toFixed(2)} x`;
}
