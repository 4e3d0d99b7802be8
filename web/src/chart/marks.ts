/** What lies under the lines of a chart: gaps, late data and events; and what is at a place. */
import type { Completeness, Gap, HostEvent } from "../api/types";
import { exact } from "../format/time";
import { duration, grouped } from "../format/units";
import { eventTitle } from "../format/events";

export interface Marks {
  gaps: { from: number; to: number; gap: Gap }[];
  late: [number, number][];
  events: HostEvent[];
}

export const NO_MARKS: Marks = { gaps: [], late: [], events: [] };

export function marksOf(completeness: Completeness | null, events: HostEvent[]): Marks {
  const gaps = (completeness?.gaps ?? [])
    .filter((gap) => gap.lane === "metrics" || gap.lane === "3")
    .flatMap((gap) => (gap.from === null || gap.to === null ? [] : [{ from: gap.from, to: gap.to, gap }]));
  return { gaps, late: completeness?.late_spans ?? [], events };
}

const WHY: Record<string, string> = {
  quota: "the spool was full (its quota)",
  "disk full": "the disk was full",
  damaged: "the spool was damaged",
  "hub restored": "the hub was restored from a backup",
  "not sealed": "the agent ended before it was written",
};

export function gapWords(gap: Gap): string {
  const what = gap.records === null ? `${grouped(gap.batches)} batches` : `${grouped(gap.records)} records`;
  const span = gap.from !== null && gap.to !== null ? ` of ${duration(Math.max(1, gap.to - gap.from))} from ${exact(gap.from)}` : "";
  return `Lost: ${what}${span}, because ${WHY[gap.reason] ?? gap.reason}`;
}

/** Words about what is at `time`; `reach` is how far off an event may be, in seconds. */
export function wordsAt({ gaps, late, events }: Marks, time: number, reach: number): string[] {
  const words = gaps.filter(({ from, to }) => time >= from - reach && time <= to + reach).map(({ gap }) => gapWords(gap));
  if (words.length === 0 && late.some(([from, to]) => time >= from && time <= to)) words.push("Came late: kept on the machine until the hub was reached");
  const near = events.filter((event) => Math.abs(event.time - time) <= reach).slice(0, 3);
  return [...words, ...near.map(eventTitle)];
}
