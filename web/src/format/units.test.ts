import { describe, expect, it } from "vitest";
import { digits, duration, figure, grouped, roughly, text, tick } from "./units";

const plain = (value: number | null, unit: string) => text(value, unit).replaceAll("\u00a0", " ");

describe("figures", () => {
  it.each([
    [0, "%", "0.0%"],
    [0.02, "%", "0.0%"],
    [4.23, "%", "4.2%"],
    [99.96, "%", "100%"],
    [0, "B", "0 B"],
    [1023, "B", "1023 B"],
    [1024, "B", "1.00 KiB"],
    [1023.7 * 1024, "B", "1.00 MiB"],
    [16 * 1024 ** 3, "B", "16.0 GiB"],
    [999, "B/s", "999 B/s"],
    [999.7, "B/s", "1.00 kB/s"],
    [12_340_000, "B/s", "12.3 MB/s"],
    [0.5, "1/s", "0.50 /s"],
    [12_000, "1/s", "12.0 k/s"],
    [0.0004, "s", "400 µs"],
    [0.0123, "s", "12.3 ms"],
    [4000, "s", "1 h 6 min"],
    [48.5, "°C", "48.5 °C"],
    [12_345, "", "12,345"],
    [1.5, "", "1.50"],
    [9_223_372_036_854_775_807, "", "9223372 T"],
    [-3.2, "°C", "\u22123.20 °C"],
  ])("shows %s in %s as %s", (value, unit, expected) => {
    expect(plain(value, unit)).toBe(expected);
  });

  it("shows what is unknown as a dash, never as a zero", () => {
    expect(figure(null, "B").number).toBe("–");
    expect(figure(Number.NaN, "%").number).toBe("–");
  });

  it("never writes minus zero", () => {
    expect(digits(-0.001)).toBe("0.00");
  });
});

describe("durations", () => {
  it.each([
    [0, "0 s"],
    [59.6, "1 min"],
    [250, "4 min 10 s"],
    [3 * 86_400 + 4 * 3_600 + 50, "3 d 4 h"],
    [86_400 + 5, "1 d"],
    [400 * 86_400, "1 y 35 d"],
  ])("writes %s s as %s", (value, expected) => {
    expect(duration(value).replaceAll("\u00a0", " ")).toBe(expected);
  });

  it("has a rough form of one part", () => {
    expect(roughly(250).replaceAll("\u00a0", " ")).toBe("4 min");
  });
});

it("groups thousands", () => {
  expect(grouped(1_240)).toBe("1,240");
  expect(grouped(999)).toBe("999");
});

it("keeps labels of an axis short", () => {
  expect([0, 1.5 * 1024 ** 3, 100 * 1024].map((value) => tick(value, "B").replaceAll("\u00a0", " "))).toEqual(["0", "1.5 GiB", "100 KiB"]);
  expect([0, 20, 2.5].map((value) => tick(value, "%"))).toEqual(["0%", "20%", "2.5%"]);
});
