import { describe, expect, it } from "vitest";
import { bounds, DEFAULT_PRESET, parseWindow, PRESETS, shifted, withWindow, zoomed, type Window } from "./window";

const query = (text: string) => new URLSearchParams(text);

describe("a window in the address", () => {
  it("comes back as it was written", () => {
    const windows: Window[] = [
      { live: false, from: 1_700_000_000, to: 1_700_003_600 },
      ...PRESETS.map((preset): Window => ({ live: true, preset })),
    ];
    for (const one of windows) expect(parseWindow(withWindow(query("tab=events"), one))).toEqual(one);
  });

  it("keeps what else stands in the address", () => {
    expect(withWindow(query("tab=events&range=7d"), { live: true, preset: DEFAULT_PRESET }).toString()).toBe("tab=events");
  });

  it("is the default one when the address makes no sense", () => {
    for (const text of ["", "range=2w", "from=5", "from=9&to=3", "from=a&to=b"])
      expect(parseWindow(query(text))).toEqual({ live: true, preset: DEFAULT_PRESET });
  });
});

it("follows now when live", () => {
  expect(bounds({ live: true, preset: DEFAULT_PRESET }, 10_000)).toEqual({ from: 9_100, to: 10_000 });
});

it("zooms no deeper than a few samples", () => {
  const window = zoomed(1000.2, 1000.4);
  expect(window.live).toBe(false);
  const { from, to } = bounds(window, 0);
  expect(to - from).toBeGreaterThanOrEqual(20);
});

it("moves back by half of its length and never beyond now", () => {
  expect(shifted({ live: false, from: 1000, to: 2000 }, -0.5, 9000)).toEqual({ live: false, from: 500, to: 1500 });
  expect(shifted({ live: false, from: 8000, to: 9000 }, 0.5, 9000)).toEqual({ live: false, from: 8000, to: 9000 });
});
