/** Reads tokens.css and computes what people see: WCAG contrast, and distances under colour blindness. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Triple = [number, number, number];

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf-8");
const THEMES = ["light", "dark"] as const;

function token(name: string, theme: (typeof THEMES)[number]): Triple {
  const pair = new RegExp(`--${name}: light-dark\\(oklch\\(([^)]+)\\), oklch\\(([^)]+)\\)\\)`).exec(css);
  if (!pair) throw new Error(`no colour --${name}`);
  return (pair[theme === "light" ? 1 : 2] ?? "").split(/[ /]+/).slice(0, 3).map(Number) as Triple;
}

/** OKLCH to linear sRGB, after Björn Ottosson's definition of OKLab; clipped as a screen clips. */
function linear([lightness, chroma, hue]: Triple): Triple {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const rgb: Triple = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return rgb.map((part) => Math.min(1, Math.max(0, part))) as Triple;
}

const luminance = ([r, g, b]: Triple) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(one: Triple, other: Triple): number {
  const [high, low] = [luminance(linear(one)), luminance(linear(other))].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function oklab([r, g, b]: Triple): Triple {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** Full dichromacy, matrices over linear RGB from Machado, Oliveira and Fernandes (2009). */
const SIGHT: Record<string, Triple[]> = {
  full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

function seen(colour: Triple, matrix: Triple[]): Triple {
  const rgb = linear(colour);
  return oklab(matrix.map((row) => Math.min(1, Math.max(0, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]))) as Triple);
}

const distance = (one: Triple, other: Triple) => Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);

describe.each(THEMES)("in the %s theme", (theme) => {
  const see = (name: string) => token(name, theme);

  it.each(["n-1", "n-2", "n-3", "n-4"])("text can be read on --%s", (surface) => {
    expect(contrast(see("n-12"), see(surface))).toBeGreaterThan(7);
    expect(contrast(see("n-11"), see(surface))).toBeGreaterThan(4.5);
  });

  it.each(["n-1", "n-2"])("labels in the lowest voice can be read on --%s", (surface) => {
    expect(contrast(see("n-10"), see(surface))).toBeGreaterThan(4.5);
  });

  it.each(["accent", "ok", "warning", "critical", "offline", "info"])("%s can be read and seen", (meaning) => {
    for (const surface of ["n-1", "n-2", `${meaning}-fill`])
      expect(contrast(see(`${meaning}-text`), see(surface)), `${meaning}-text on ${surface}`).toBeGreaterThan(4.5);
    for (const surface of ["n-1", "n-2"])
      expect(contrast(see(`${meaning}-line`), see(surface)), `${meaning}-line on ${surface}`).toBeGreaterThan(3);
  });

  it("a button's words can be read", () => {
    expect(contrast(see("on-accent"), see("accent-solid"))).toBeGreaterThan(4.5);
  });

  it("controls have an edge that can be seen", () => {
    expect(contrast(see("n-8"), see("n-2"))).toBeGreaterThan(3);
  });

  it.each(Object.keys(SIGHT))("eight series stay apart in %s sight", (sight) => {
    const matrix = SIGHT[sight] ?? [];
    const colours = Array.from({ length: 8 }, (_, index) => seen(see(`series-${index + 1}`), matrix));
    colours.forEach((one, first) =>
      colours.slice(first + 1).forEach((other, offset) => {
        expect(distance(one, other), `series ${first + 1} and ${first + offset + 2}`).toBeGreaterThan(0.06);
      }),
    );
  });

  it("every series stands out from its panel", () => {
    for (let index = 1; index <= 8; index += 1) expect(contrast(see(`series-${index}`), see("n-2")), `series ${index}`).toBeGreaterThan(2);
  });
});
