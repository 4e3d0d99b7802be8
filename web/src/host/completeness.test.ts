import { expect, it } from "vitest";
import type { Completeness, Gap } from "../api/types";
import { cells, totalsOf } from "./completeness";

const gap = (more: Partial<Gap>): Gap => ({ from: null, to: null, lane: "metrics", batches: 1, records: null, reason: "quota", noted: 0, ...more });
const data = (more: Partial<Completeness>): Completeness => ({
  from: 0, to: 40, step: 10, received: [], late: [], gaps: [], duplicates: 0, quarantined: 0, late_spans: [], interval: 5, ...more,
});

it("joins neighbours of one kind and shows silence as nothing", () => {
  expect(cells(data({ received: [2, 2, 0, 0, 2], late: [0, 0, 0, 0, 1] }))).toEqual([
    { start: 0, end: 30, kind: "received" },
    { start: 30, end: 40, kind: "nothing" },
    { start: 40, end: 50, kind: "late" },
  ]);
});

it("takes no offence at buckets that are shorter than the interval", () => {
  const kinds = cells(data({ step: 2, received: [1, 0, 0, 1, 0, 0, 1], late: [] })).map(({ kind }) => kind);
  expect(kinds).toEqual(["received"]);
});

it("paints a gap of known time and counts the others", () => {
  const lost = data({ received: [1], late: [0], gaps: [gap({ from: 5, to: 25, records: 12 }), gap({})] });
  expect(cells(lost).at(-1)).toEqual({ start: 5, end: 25, kind: "lost" });
  expect(totalsOf(lost)).toEqual({ received: 1, late: 0, lost: 12, unknown: 1 });
});
