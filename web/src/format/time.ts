/** Times in the reader's own zone, 24 hours. */
import { duration } from "./units";

const two = (value: number) => String(value).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export function clock(time: number, withSeconds = true): string {
  const date = new Date(time * 1000);
  const text = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${text}:${two(date.getSeconds())}` : text;
}

export function day(time: number): string {
  const date = new Date(time * 1000);
  return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
}

/** "21 Nov 2026, 09:41:05", for the title of a relative time. */
export function exact(time: number | null | undefined): string {
  if (time === null || time === undefined) return "";
  const date = new Date(time * 1000);
  return `${day(time)} ${date.getFullYear()}, ${clock(time)}`;
}

/** "just now", "12 s ago", "4 min ago"; from the future it says so. */
export function ago(time: number | null | undefined, now: number): string {
  if (time === null || time === undefined) return "never";
  const age = now - time;
  if (age < -2) return `in ${duration(-age).split(" ")[0]}`;
  if (age < 2) return "just now";
  return `${duration(age).split(" ")[0]} ago`;
}

/** A label of the cursor: as exact as the step of the data is fine. */
export function moment(time: number, step: number): string {
  const date = new Date(time * 1000);
  const head = `${DAYS[date.getDay()]} ${day(time)}`;
  if (step >= 86_400) return head;
  return `${head}, ${clock(time, step < 60)}`;
}

const START_OF_DAY = (date: Date) => date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;

/** Labels of a time axis with ticks `increment` seconds apart; a new day or year is named once. */
export function timeLabels(ticks: number[], increment: number): string[] {
  return ticks.map((time) => {
    const date = new Date(time * 1000);
    if (increment >= 86_400 * 28) return date.getMonth() === 0 ? String(date.getFullYear()) : (MONTHS[date.getMonth()] ?? "");
    if (increment >= 86_400 || START_OF_DAY(date)) return day(time);
    return clock(time, increment < 60);
  });
}

/** What `<input type="datetime-local">` takes and gives. */
export function toInput(time: number): string {
  const date = new Date(time * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${clock(time)}`;
}

export function fromInput(text: string): number | null {
  const time = Date.parse(text) / 1000;
  return Number.isFinite(time) ? time : null;
}
