/** Finds a quantile of figures, interpolated between two of them. */
export function quantile(part, figures) {
  const sorted = figures.toSorted((one, two) => one - two);
  const place = part * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];

  return below + (above - below) * (place - Math.floor(place));
}

export const median = (figures) => quantile(0.5, figures);
