import { expect, it } from "vitest";
import { ago, fromInput, moment, timeLabels, toInput } from "./time";

const at = (text: string) => Date.parse(text) / 1000;
const plain = (value: string) => value.replaceAll("\u00a0", " ");

it("says how long ago something was, in one part", () => {
  expect(ago(100, 100.5)).toBe("just now");
  expect(plain(ago(100, 112))).toBe("12 s ago");
  expect(plain(ago(100, 400))).toBe("5 min ago");
  expect(ago(null, 100)).toBe("never");
  expect(plain(ago(200, 100))).toBe("in 1 min");
});

it("names a new day once on a time axis", () => {
  const ticks = ["2026-11-20T18:00:00", "2026-11-21T00:00:00", "2026-11-21T06:00:00"].map(at);
  expect(timeLabels(ticks, 6 * 3600)).toEqual(["18:00", "21 Nov", "06:00"]);
});

it("shows seconds only where ticks are that close", () => {
  expect(timeLabels([at("2026-11-21T09:41:05")], 5)).toEqual(["09:41:05"]);
  expect(timeLabels([at("2026-11-21T09:41:00")], 60)).toEqual(["09:41"]);
});

it("names a moment as exactly as the data is fine", () => {
  expect(moment(at("2026-11-21T09:41:05"), 5)).toBe("Sat 21 Nov, 09:41:05");
  expect(moment(at("2026-11-21T09:41:05"), 300)).toBe("Sat 21 Nov, 09:41");
  expect(moment(at("2026-11-21T09:41:05"), 86_400)).toBe("Sat 21 Nov");
});

it("reads back what it gives to a date field", () => {
  const time = at("2026-11-21T09:41:05");
  expect(fromInput(toInput(time))).toBe(time);
  expect(fromInput("soon")).toBeNull();
});
