/** The data of one chart: lines over common times, which a live report makes longer. */
import type { Maybe, Range, RangeSeries, SeriesInfo } from "../api/types";

export interface Line {
  info: SeriesInfo;
  mean: Maybe<number>[];
  low: Maybe<number>[];
  high: Maybe<number>[];
}

/** `step` is the distance of two points in seconds; `open` counts the samples of the last point. */
export interface Lines {
  step: number;
  resolution: string;
  times: number[];
  lines: Line[];
  open: number;
}

const info = ({ name, metric, labels, unit, kind }: SeriesInfo): SeriesInfo => ({ name, metric, labels, unit, kind });

function line(series: RangeSeries): Line {
  const mean = [...series.mean];
  return { info: info(series), mean, low: series.min ? [...series.min] : mean, high: series.max ? [...series.max] : mean };
}

// A report may be missed or late without the line being broken for it.
const PATIENCE = 2.5;

/** `interval` is the distance of two reports: raw points stand where reports were, however fine the step is. */
export function fromRange(range: Range, interval: number): Lines {
  const lines = range.series.map(line);
  const { step, resolution, times } = trimmed(range, lines);
  const data = { step, resolution, times, lines, open: 1 };
  breakUp(data, Math.max(step, interval));
  return data;
}

/** Puts an unknown point into each silence, so that no line crosses what nobody knows. */
function breakUp({ times, lines }: Lines, usual: number) {
  for (let index = times.length - 1; index > 0; index -= 1) {
    const before = times[index - 1] ?? 0;
    if ((times[index] ?? 0) - before <= usual * PATIENCE) continue;
    times.splice(index, 0, before + usual);
    for (const { mean, low, high } of lines) for (const values of new Set([mean, low, high])) values.splice(index, 0, null);
  }
}

/** Unknown steps at the end are the future: the live stream fills them, so they must not stand there. */
function trimmed(range: Range, lines: Line[]) {
  let length = range.times.length;
  while (length > 0 && lines.every(({ mean }) => (mean[length - 1] ?? null) === null)) length -= 1;
  for (const { mean, low, high } of lines) for (const values of new Set([mean, low, high])) values.length = length;
  return { ...range, times: range.times.slice(0, length) };
}

/** A live report as the chart sees it: the value of a full series name. */
export interface Sample {
  time: number;
  value(name: string): Maybe<number>;
}

/**
 * Takes a report in: a point of its own, or, where points are wider apart than reports, a part of
 * the last point. Reports that are not newer than the last point are left to the next query.
 */
export function append(data: Lines, sample: Sample, interval: number): boolean {
  const last = data.times.at(-1);
  const wide = data.step > interval * 1.5;
  const start = wide ? Math.floor(sample.time / data.step) * data.step : sample.time;
  if (last !== undefined && wide && start === last) {
    for (const one of data.lines) fold(one, sample.value(one.info.name), data.open);
    data.open += 1;
    return true;
  }
  if (last !== undefined && start <= last) return false;
  const reach = Math.max(data.step, interval) * PATIENCE;
  if (last !== undefined && start - last > reach) push(data, last + Math.max(data.step, interval), () => null);
  push(data, start, (name) => sample.value(name));
  data.open = 1;
  return true;
}

function push(data: Lines, time: number, value: (name: string) => Maybe<number>) {
  data.times.push(time);
  for (const one of data.lines) {
    const next = value(one.info.name);
    for (const values of new Set([one.mean, one.low, one.high])) values.push(next);
  }
}

function fold(one: Line, value: Maybe<number>, count: number) {
  if (value === null) return;
  if (one.low === one.mean) one.low = [...one.mean];
  if (one.high === one.mean) one.high = [...one.mean];
  const at = one.mean.length - 1;
  const mean = one.mean[at] ?? null;
  one.mean[at] = mean === null ? value : mean + (value - mean) / (count + 1);
  one.low[at] = Math.min(one.low[at] ?? value, value);
  one.high[at] = Math.max(one.high[at] ?? value, value);
}

/** Forgets points that left the window; one stays on the left so that lines enter from the edge. */
export function forget(data: Lines, before: number) {
  let count = 0;
  while (count + 1 < data.times.length && (data.times[count + 1] ?? Infinity) < before) count += 1;
  if (count === 0) return;
  data.times.splice(0, count);
  for (const one of data.lines) for (const values of new Set([one.mean, one.low, one.high])) values.splice(0, count);
}

export interface Summary {
  last: Maybe<number>;
  min: Maybe<number>;
  mean: Maybe<number>;
  max: Maybe<number>;
}

export function summary(one: Line, times: number[], from: number, to: number): Summary {
  let min: Maybe<number> = null;
  let max: Maybe<number> = null;
  let last: Maybe<number> = null;
  let sum = 0;
  let count = 0;
  for (let index = 0; index < times.length; index += 1) {
    const time = times[index] ?? 0;
    const mean = one.mean[index] ?? null;
    if (time < from || time > to || mean === null) continue;
    const low = one.low[index] ?? mean;
    const high = one.high[index] ?? mean;
    if (min === null || low < min) min = low;
    if (max === null || high > max) max = high;
    last = mean;
    sum += mean;
    count += 1;
  }
  return { last, min, mean: count > 0 ? sum / count : null, max };
}

/** Sums from the bottom up, unknown where all are unknown. */
export function stacked(lines: Line[], length: number): Maybe<number>[][] {
  const below: number[] = new Array<number>(length).fill(0);
  const known: boolean[] = Array.from({ length }, (_, at) => lines.some(({ mean }) => (mean[at] ?? null) !== null));
  return lines.map(({ mean }) =>
    below.map((height, at) => {
      const sum = height + (mean[at] ?? 0);
      below[at] = sum;
      return known[at] ? sum : null;
    }),
  );
}

/** The index of the point nearest to `time`, null when there is none. */
export function nearestPoint(times: number[], time: number): number | null {
  if (times.length === 0) return null;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  return before !== undefined && time - before < (times[low] ?? 0) - time ? low - 1 : low;
}
