import { describe, expect, it } from "vitest";
import type { Maybe, Range } from "../api/types";
import { append, forget, fromRange, nearestPoint, stacked, summary, type Sample } from "./lines";

const series = (name: string, mean: Maybe<number>[]) => ({ name, metric: name, labels: {}, unit: "%", kind: "gauge" as const, mean });

const range = (step: number, times: number[], ...means: Maybe<number>[][]): Range => ({
  from: 0,
  to: 1000,
  step,
  resolution: "raw",
  times,
  series: means.map((mean, index) => series("abc"[index] ?? "z", mean)),
});

const sample = (time: number, values: Record<string, Maybe<number>>): Sample => ({ time, value: (name) => values[name] ?? null });

describe("a live report", () => {
  it("becomes a point of its own at the finest resolution", () => {
    const data = fromRange(range(5, [0, 5], [1, 2]), 5);
    expect(append(data, sample(10, { a: 3 }), 5)).toBe(true);
    expect(data.times).toEqual([0, 5, 10]);
    expect(data.lines[0]?.mean).toEqual([1, 2, 3]);
  });

  it("folds into the last point where points are wider apart, and a spike stays visible", () => {
    const data = fromRange(range(60, [0, 60], [1, 2]), 5);
    append(data, sample(65, { a: 4 }), 5);
    append(data, sample(70, { a: 90 }), 5);
    expect(data.times).toEqual([0, 60]);
    expect(data.lines[0]?.high).toEqual([1, 90]);
    expect(data.lines[0]?.mean[1]).toBeCloseTo(32);
    expect(data.lines[0]?.low).toEqual([1, 2]);
  });

  it("leaves a break after silence", () => {
    const data = fromRange(range(5, [0, 5], [1, 2]), 5);
    append(data, sample(60, { a: 3 }), 5);
    expect(data.lines[0]?.mean).toEqual([1, 2, null, 3]);
  });

  it("is not taken twice, nor out of order", () => {
    const data = fromRange(range(5, [0, 5], [1, 2]), 5);
    expect(append(data, sample(5, { a: 9 }), 5)).toBe(false);
    expect(append(data, sample(3, { a: 9 }), 5)).toBe(false);
    expect(data.times).toEqual([0, 5]);
  });

  it("is unknown for a series that it does not carry", () => {
    const data = fromRange(range(5, [0], [1], [2]), 5);
    append(data, sample(5, { b: 7 }), 5);
    expect(data.lines.map(({ mean }) => mean)).toEqual([[1, null], [2, 7]]);
  });
});

it("drops unknown steps at the end, which are the future, and keeps those between", () => {
  const data = fromRange(range(5, [0, 5, 10, 15], [1, null, 3, null]), 5);
  expect(data.times).toEqual([0, 5, 10]);
  expect(data.lines[0]?.mean).toEqual([1, null, 3]);
});

it("breaks the line where reports are missing, but not for a single one", () => {
  const data = fromRange(range(1, [0, 5, 15, 40, 45], [1, 2, 3, 4, 5]), 5);
  expect(data.times).toEqual([0, 5, 15, 20, 40, 45]);
  expect(data.lines[0]?.mean).toEqual([1, 2, 3, null, 4, 5]);
});

it("forgets what left the window but for one point at the edge", () => {
  const data = fromRange(range(5, [0, 5, 10, 15], [1, 2, 3, 4]), 5);
  forget(data, 10);
  expect(data.times).toEqual([5, 10, 15]);
  expect(data.lines[0]?.mean).toEqual([2, 3, 4]);
});

it("sums up what is known within the window", () => {
  const data = fromRange(range(5, [0, 5, 10, 15], [100, 2, null, 4]), 5);
  const first = data.lines[0];
  expect(first && summary(first, data.times, 5, 15)).toEqual({ last: 4, min: 2, mean: 3, max: 4 });
});

it("stacks from the bottom up and stays unknown where all is unknown", () => {
  const data = fromRange(range(5, [0, 5, 10], [1, null, 3], [10, null, null]), 5);
  expect(stacked(data.lines, 3)).toEqual([[1, null, 3], [11, null, 3]]);
});

it("finds the nearest point", () => {
  expect(nearestPoint([0, 10, 20], 14)).toBe(1);
  expect(nearestPoint([0, 10, 20], 16)).toBe(2);
  expect(nearestPoint([0, 10, 20], 99)).toBe(2);
  expect(nearestPoint([], 1)).toBeNull();
});
