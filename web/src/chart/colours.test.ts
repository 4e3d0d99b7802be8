import { expect, it } from "vitest";
import { colourOf, COLOURS, strokes } from "./colours";

it("gives a name the same colour whatever stands beside it", () => {
  const alone = strokes(["eth7"])[0]?.colour;
  expect(strokes(["wlan0", "eth7", "docker0"])[1]?.colour).toBe(alone);
});

it("never changes the colour of a name from one version to the next", () => {
  const names = ["user", "system", "/", "/home", "eth0", "wlan0", "nvme0n1", "sda"];
  expect(names.map(colourOf)).toMatchInlineSnapshot(`
    [
      1,
      2,
      1,
      2,
      1,
      4,
      1,
      2,
    ]
  `);
});

it("stays within the palette", () => {
  for (let index = 0; index < 500; index += 1) {
    const colour = colourOf(`disk${index}`);
    expect(colour).toBeGreaterThanOrEqual(1);
    expect(colour).toBeLessThanOrEqual(COLOURS);
  }
});

it("tells two names of one colour apart by their dash", () => {
  const [first, second] = strokes(["used", "user"]);
  expect(first?.colour).toBe(second?.colour);
  expect(first?.dash).not.toEqual(second?.dash);
});
