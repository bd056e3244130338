// Pure helpers on time series: [[seconds, value], ...], oldest first.

/** Index of the last row whose time is not after `time`; -1 where there is none. */
export function indexAt(rows, time) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][0] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The times of all lines, each once and in their order, as rows. */
export function timesOf(lines) {
  const times = new Set(lines.flatMap((points) => points.map(([time]) => time)));
  return [...times].sort((one, other) => one - other).map((time) => [time]);
}

/**
 * The values of `points` at the times of `rows`: each point counts from its time on, null makes a gap. The last one
 * counts for ever, or only at its time where `lasts` is false.
 */
export function alignTo(rows, points, { lasts = true } = {}) {
  const exact = new Map(points);
  const sameTimes = rows.every((row) => exact.has(row[0]));
  const end = lasts ? Infinity : points[points.length - 1]?.[0];
  return rows.map((row) => {
    if (sameTimes) return exact.get(row[0]);
    if (row[0] > end) return null;
    const index = indexAt(points, row[0]);
    return index < 0 ? null : points[index][1];
  });
}

/**
 * The values of `points` as known at the end of each of `rows`. A point's value is that of the end of its period, which
 * lasts until the next point: within the period the value before it counts.
 */
export function knownAt(rows, points) {
  return rows.map((row, place) => {
    const next = rows[place + 1]?.[0];
    const index = next === undefined ? indexAt(points, row[0]) : indexAt(points, next) - 1;
    return index < 0 ? null : points[index][1];
  });
}

/** At most `count` row numbers, evenly spaced, the first and the last among them. */
export function spread(length, count) {
  if (length <= count) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - 1)) / (count - 1)));
}

/** Whether the times carry a time of day. */
export function isIntraday(rows) {
  return rows.some((row) => row[0] % 86400 !== 0);
}

/** Removes repeated times (the later row wins): the drawing library refuses them. */
export function withoutRepeats(rows) {
  return rows.filter((row, index) => index + 1 === rows.length || rows[index + 1][0] > row[0]);
}
