/** Steps that axes may take, so that ticks fall on numbers that people count in. */

/** 1, 2, 4 … 512 of each of B, KiB, MiB …, for memory and disks. */
export const BINARY_STEPS: number[] = Array.from({ length: 55 }, (_, power) => 2 ** power);

/** 1, 2, 2.5 and 5 times powers of ten. */
export const DECIMAL_STEPS: number[] = Array.from({ length: 24 }, (_, index) => index - 6).flatMap((power) =>
  [1, 2, 2.5, 5].map((part) => Number((part * 10 ** power).toPrecision(2))),
);

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export const TIME_STEPS: number[] = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((part) => part * MINUTE),
  ...[1, 2, 3, 6, 12].map((part) => part * HOUR),
  ...[1, 2, 7, 14, 28, 56, 91, 182, 365].map((part) => part * DAY),
];

export function valueSteps(unit: string): number[] {
  return unit === "B" ? BINARY_STEPS : DECIMAL_STEPS;
}

/** The smallest of `steps` that cuts `span` into at most `most` parts. */
export function stepFor(span: number, most: number, steps: number[]): number {
  return steps.find((step) => span / step <= most) ?? steps[steps.length - 1] ?? span;
}

/** The upper end of an axis that starts at zero: the next tick above `max`, never less than one step. */
export function niceTop(max: number, unit: string, ticks = 4): number {
  if (!(max > 0)) return unit === "%" ? 10 : unit === "B" ? 1024 : 1;
  // Shares of a whole may exceed it by a rounding; their axis ends with the whole.
  if (unit === "%" && max > 80 && max <= 101) return 100;
  const step = stepFor(max * 1.04, ticks, valueSteps(unit));
  return Math.ceil((max * 1.02) / step) * step;
}

/** Ticks in local time: days start at midnight here, not in Greenwich. */
export function timeTicks(from: number, to: number, most: number): { step: number; ticks: number[] } {
  const step = stepFor(to - from, most, TIME_STEPS);
  if (step >= 28 * DAY) return { step, ticks: monthTicks(from, to, Math.max(1, Math.round(step / (30 * DAY)))) };
  const offset = new Date(from * 1000).getTimezoneOffset() * 60;
  const ticks: number[] = [];
  for (let tick = Math.ceil((from - offset) / step) * step + offset; tick <= to; tick += step) ticks.push(tick);
  return { step, ticks };
}

function monthTicks(from: number, to: number, months: number): number[] {
  const date = new Date(from * 1000);
  let month = Math.ceil((date.getMonth() + 1) / months) * months;
  const ticks: number[] = [];
  for (;;) {
    const tick = new Date(date.getFullYear(), month, 1).getTime() / 1000;
    if (tick > to) return ticks;
    ticks.push(tick);
    month += months;
  }
}
