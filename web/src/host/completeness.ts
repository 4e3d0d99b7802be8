/** What was received, late and lost, as stretches of time to paint; pure. */
import type { Completeness } from "../api/types";

export type Kind = "received" | "late" | "lost" | "nothing";

export interface Cell {
  start: number;
  end: number;
  kind: Kind;
}

/**
 * Buckets of one kind joined. Between two reports that came in time there is nothing to receive: a bucket
 * shorter than the interval is empty by nature, and counts like the one before it while the silence is that short.
 */
export function cells({ from, step, received, late, gaps, interval }: Completeness): Cell[] {
  const patience = Math.max(step, (interval ?? 5) * 2.5);
  const found: Cell[] = [];
  let heard = -Infinity;
  let came: Kind = "received";
  received.forEach((count, index) => {
    const start = from + index * step;
    const end = start + step;
    if (count > 0) {
      heard = end;
      came = (late[index] ?? 0) > 0 ? "late" : "received";
    }
    const kind: Kind = end - heard <= patience ? came : "nothing";
    const last = found.at(-1);
    if (last?.kind === kind) last.end = end;
    else found.push({ start, end, kind });
  });
  for (const gap of gaps) if (gap.from !== null && gap.to !== null) found.push({ start: gap.from, end: Math.max(gap.to, gap.from + step), kind: "lost" });
  return found;
}

export interface Totals {
  received: number;
  late: number;
  lost: number;
  /** Gaps that cannot say how much they stand for. */
  unknown: number;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

export function totalsOf({ received, late, gaps }: Completeness): Totals {
  return {
    received: sum(received),
    late: sum(late),
    lost: sum(gaps.map(({ records }) => records ?? 0)),
    unknown: gaps.filter(({ records }) => records === null).length,
  };
}
