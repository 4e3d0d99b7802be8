import { expect, it } from "vitest";
import { columns, visible } from "./window";

it("draws only rows on screen and a few spare ones", () => {
  expect(visible(0, 800, 40, 1000)).toEqual({ first: 0, last: 24 });
  expect(visible(20_000, 800, 40, 1000)).toEqual({ first: 496, last: 524 });
});

it("stays within the list, wherever the page is scrolled", () => {
  expect(visible(-500, 400, 40, 10)).toEqual({ first: 0, last: 2 });
  expect(visible(1e9, 800, 40, 10)).toEqual({ first: 10, last: 10 });
  expect(visible(0, 800, 40, 0)).toEqual({ first: 0, last: 0 });
});

it("fits columns and never less than one", () => {
  expect(columns(320, 320, 16)).toBe(1);
  expect(columns(656, 320, 16)).toBe(2);
  expect(columns(100, 320, 16)).toBe(1);
});
