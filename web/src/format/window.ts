/** The range of time that a page shows, and how it stands in the address. */
import { clock, day } from "./time";
import { duration } from "./units";

export interface Preset {
  key: string;
  seconds: number;
  label: string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PRESETS: Preset[] = [
  { key: "15m", seconds: 15 * MINUTE, label: "15 min" },
  { key: "1h", seconds: HOUR, label: "1 h" },
  { key: "3h", seconds: 3 * HOUR, label: "3 h" },
  { key: "12h", seconds: 12 * HOUR, label: "12 h" },
  { key: "1d", seconds: DAY, label: "1 d" },
  { key: "3d", seconds: 3 * DAY, label: "3 d" },
  { key: "7d", seconds: 7 * DAY, label: "7 d" },
  { key: "30d", seconds: 30 * DAY, label: "30 d" },
  { key: "90d", seconds: 90 * DAY, label: "90 d" },
  { key: "1y", seconds: 365 * DAY, label: "1 y" },
];

export const DEFAULT_PRESET = PRESETS[0] as Preset;
const SHORTEST = 10;

/** Either the last `seconds` up to now (live), or a fixed stretch of time. */
export type Window = { live: true; preset: Preset } | { live: false; from: number; to: number };

export function parseWindow(query: URLSearchParams): Window {
  const from = Number.parseFloat(query.get("from") ?? "");
  const to = Number.parseFloat(query.get("to") ?? "");
  if (Number.isFinite(from) && Number.isFinite(to) && to - from >= SHORTEST) return { live: false, from, to };
  const preset = PRESETS.find((one) => one.key === query.get("range"));
  return { live: true, preset: preset ?? DEFAULT_PRESET };
}

/** The same query with this window in it; the default window leaves no trace. */
export function withWindow(query: URLSearchParams, window: Window): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const key of ["from", "to", "range"]) next.delete(key);
  if (!window.live) {
    next.set("from", String(Math.floor(window.from)));
    next.set("to", String(Math.ceil(window.to)));
  } else if (window.preset.key !== DEFAULT_PRESET.key) {
    next.set("range", window.preset.key);
  }
  return next;
}

export function bounds(window: Window, now: number): { from: number; to: number } {
  return window.live ? { from: now - window.preset.seconds, to: now } : { from: window.from, to: window.to };
}

/** A dragged selection, never shorter than a few samples. */
export function zoomed(from: number, to: number): Window {
  const middle = (from + to) / 2;
  const half = Math.max((to - from) / 2, SHORTEST);
  return { live: false, from: Math.floor(middle - half), to: Math.ceil(middle + half) };
}

/** Moved by a part of its own length; never beyond now. */
export function shifted(window: Window, part: number, now: number): Window {
  const { from, to } = bounds(window, now);
  const length = to - from;
  const end = to + length * part;
  if (end >= now) return window.live ? window : { live: false, from: Math.floor(now - length), to: Math.ceil(now) };
  return { live: false, from: Math.floor(end - length), to: Math.ceil(end) };
}

export function windowLabel(window: Window): string {
  if (window.live) return `Last ${window.preset.label}`;
  const { from, to } = window;
  const sameDay = day(from) === day(to) && to - from < DAY;
  const fine = to - from < 600;
  const end = sameDay ? clock(to, fine) : `${day(to)}, ${clock(to, fine)}`;
  return `${day(from)}, ${clock(from, fine)} to ${end}`;
}

export function windowLength(window: Window): string {
  return window.live ? window.preset.label : duration(window.to - window.from);
}
