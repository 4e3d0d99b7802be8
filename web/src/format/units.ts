/** Numbers for people: by meaning of the unit, three significant digits, unknown is a dash. */

export interface Figure {
  number: string;
  unit: string;
}

export const UNKNOWN: Figure = { number: "–", unit: "" };
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const RATE = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];
const COUNT = ["", "k", "M", "G", "T"];
const MINUS = "\u2212";

/** Three significant digits without an exponent; whole numbers from 100 on. */
export function digits(value: number): string {
  const size = Math.abs(value);
  const places = size === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  const text = size.toFixed(places);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

function scaled(value: number, base: number, names: string[]): Figure {
  let index = 0;
  let size = Math.abs(value);
  // 999.6 would read as 1000: it already belongs to the next name.
  while (size >= base - 0.5 && index < names.length - 1) {
    size /= base;
    index += 1;
  }
  const number = value < 0 ? -size : size;
  const whole = index === 0 && Number.isInteger(number);
  return { number: whole ? String(number).replace("-", MINUS) : digits(number), unit: names[index] ?? "" };
}

export function percent(value: number): Figure {
  const size = Math.abs(value);
  return { number: size >= 99.95 ? value.toFixed(0) : value.toFixed(1), unit: "%" };
}

function seconds(value: number): Figure {
  const size = Math.abs(value);
  if (size === 0) return { number: "0", unit: "s" };
  if (size < 0.001) return { number: digits(value * 1e6), unit: "µs" };
  if (size < 1) return { number: digits(value * 1e3), unit: "ms" };
  if (size < 60) return { number: digits(value), unit: "s" };
  return { number: duration(value), unit: "" };
}

function plain(value: number): Figure {
  const size = Math.abs(value);
  if (size < 100_000) return { number: Number.isInteger(value) ? grouped(value) : digits(value), unit: "" };
  return scaled(value, 1000, COUNT);
}

/** 12345 as 12,345. */
export function grouped(value: number): string {
  const text = String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, ",");
  return value < 0 ? MINUS + text : text;
}

export function figure(value: number | null | undefined, unit: string): Figure {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  switch (unit) {
    case "%":
      return percent(value);
    case "B":
      return scaled(value, 1024, BINARY);
    case "B/s":
      return scaled(value, 1000, RATE);
    case "1/s": {
      const { number, unit: prefix } = value < 1000 ? { number: digits(value), unit: "" } : scaled(value, 1000, COUNT);
      return { number, unit: `${prefix}/s` };
    }
    case "s":
      return seconds(value);
    case "":
      return plain(value);
    default:
      return { number: digits(value), unit };
  }
}

/** The same as one text: "12.4%", "3.20 GiB", "4 k/s". */
export function text(value: number | null | undefined, unit: string): string {
  const { number, unit: name } = figure(value, unit);
  if (!name) return number;
  return name === "%" ? number + name : `${number}\u00a0${name}`;
}

/** A label on an axis: as short as it can be, "1.5 GiB", "20%", "5 min". */
export function tick(value: number, unit: string): string {
  if (value === 0) return unit === "%" ? "0%" : "0";
  const { number, unit: name } = figure(value, unit);
  const short = number.includes(".") ? number.replace(/\.?0+$/, "") : number;
  return name === "%" || !name ? short + name : `${short}\u00a0${name}`;
}

const STEPS: [number, string][] = [
  [86_400 * 365, "y"],
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** The two greatest parts: "3 d 4 h", "4 min 10 s", "12 s". */
export function duration(value: number): string {
  let rest = Math.max(0, Math.round(value));
  const parts: string[] = [];
  for (const [size, name] of STEPS) {
    const count = Math.floor(rest / size);
    if (count === 0) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(`${count}\u00a0${name}`);
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0\u00a0s";
}

/** One part only, for ages: "3 d", "4 min". */
export function roughly(value: number): string {
  return duration(value).split(" ")[0] ?? "";
}
