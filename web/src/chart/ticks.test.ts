import { expect, it } from "vitest";
import { niceTop, stepFor, timeTicks, TIME_STEPS, valueSteps } from "./ticks";

it("counts memory in powers of two and all else in tens", () => {
  expect(niceTop(3.1 * 1024 ** 3, "B")).toBe(4 * 1024 ** 3);
  expect(niceTop(3.1e6, "B/s")).toBe(4e6);
  expect(niceTop(87, "%")).toBe(100);
  expect(niceTop(100.2, "%")).toBe(100);
  expect(niceTop(180, "%")).toBeGreaterThan(180);
});

it("gives an axis a height even when all is zero", () => {
  for (const unit of ["%", "B", "B/s", ""]) expect(niceTop(0, unit)).toBeGreaterThan(0);
  expect(niceTop(Number.NaN, "%")).toBeGreaterThan(0);
});

it("always leaves the greatest value below the top", () => {
  for (const unit of ["", "B"]) for (let value = 0.001; value < 1e12; value *= 1.7) expect(niceTop(value, unit)).toBeGreaterThan(value);
});

it("takes the smallest step that fits", () => {
  expect(stepFor(900, 6, TIME_STEPS)).toBe(300);
  expect(stepFor(10, 5, valueSteps(""))).toBe(2);
});

it("puts daily ticks on local midnights and yearly ones on the first of a month", () => {
  const from = Date.parse("2026-11-01T05:00:00") / 1000;
  for (const tick of timeTicks(from, from + 7 * 86_400, 8).ticks) expect(new Date(tick * 1000).getHours()).toBe(0);
  const months = timeTicks(from, from + 365 * 86_400, 12).ticks;
  expect(months.length).toBeGreaterThan(3);
  for (const tick of months) expect(new Date(tick * 1000).getDate()).toBe(1);
});
