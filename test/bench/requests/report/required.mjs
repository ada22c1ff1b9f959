/** Compares the ratios of a run with the required ratios. */
import { readFileSync } from 'node:fs';
import { measureOf } from './measures.mjs';
import { table } from './tables.mjs';

const REQUIRED = JSON.parse(readFileSync(new URL('required-ratios.json', import.meta.url), 'utf8'));
const HEAD = ['measure', 'of', 'by', 'required', 'today', 'quartiles of the rounds', ''];

/**
 * Returns the table, and whether the run meets every ratio in it.
 * A program that does not start has missed its ratio. The ratios of a part that did not run are left out.
 */
export function compareWithRequired(figures) {
  const verdicts = REQUIRED.filter(({ measure }) => figures.isMeasured(measureOf(measure))).map((required) => ({
    required,
    ratio: ratioOf(required, figures),
  }));

  return {
    text: table(HEAD, verdicts.map(row)),
    isMet: verdicts.every(isMet),
  };
}

function ratioOf({ measure, subject, against }, figures) {
  const measured = measureOf(measure);

  return figures.has(measured, subject) ? figures.ratio(measured, subject, against) : null;
}

function isMet({ required: { most = Infinity, least = -Infinity }, ratio }) {
  return ratio !== null && ratio.median <= most && ratio.median >= least;
}

function row(verdict) {
  const { required, ratio } = verdict;
  const { measure, subject, against, most, least } = required;
  const limit = most === undefined ? `>= ${least.toFixed(2)}` : `<= ${most.toFixed(2)}`;
  const measured = ratio
    ? [ratio.median.toFixed(2), `${ratio.low.toFixed(2)} - ${ratio.high.toFixed(2)}`]
    : ['not there yet', '-'];

  return [measure, subject, against, limit, ...measured, isMet(verdict) ? 'ok' : 'missed'];
}
