/** Collects the figures of all rounds, and compares them within each round. */
import { median, quantile } from './quantile.mjs';

export class Figures {
  #measures = new Map();

  /**
   * Adds the figure of the next round.
   * @param measure an object of measures.mjs
   * @param subject the name of the program, or of a group of users
   */
  add(measure, subject, figure) {
    const subjects = this.#measures.get(measure.id) ?? new Map();
    this.#measures.set(measure.id, subjects);

    subjects.set(subject, [...(subjects.get(subject) ?? []), figure]);
  }

  has(measure, subject) {
    return this.#list(measure, subject) !== undefined;
  }

  isMeasured(measure) {
    return this.#measures.has(measure.id);
  }

  /** Returns the median of all rounds, above the floor if the measure has one. */
  figure(measure, subject) {
    return median(this.#aboveFloor(measure, subject));
  }

  /** Returns the figure of the last round. */
  latest(measure, subject) {
    return this.#list(measure, subject).at(-1);
  }

  /** Returns the median as it was measured, the floor included. */
  plainFigure(measure, subject) {
    return median(this.#list(measure, subject));
  }

  /** Returns the quartiles of the rounds' ratios. A slow second hits both figures of a round, and so no ratio. */
  ratio(measure, subject, against) {
    const divisors = this.#aboveFloor(measure, against);
    const ratios = this.#aboveFloor(measure, subject).map((figure, round) => figure / divisors[round]);

    return { low: quantile(0.25, ratios), median: median(ratios), high: quantile(0.75, ratios) };
  }

  #aboveFloor(measure, subject) {
    const figures = this.#list(measure, subject);
    if (!measure.floor) return figures;

    const floor = this.#list(measure, measure.floor);
    return figures.map((figure, round) => figure - floor[round]);
  }

  #list({ id }, subject) {
    return this.#measures.get(id)?.get(subject);
  }
}
