/** Events in words. */
import type { HostEvent } from "../api/types";
import { text } from "./units";

/** "agent.started" as "Agent started". */
export function eventTitle(event: HostEvent): string {
  const words = event.type.replace(/[._-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function value(one: unknown): string {
  if (one === null || one === undefined) return "unknown";
  if (typeof one === "number") return Number.isInteger(one) ? String(one) : text(one, "");
  if (typeof one === "object") return JSON.stringify(one);
  return String(one);
}

/** Its data as short pairs. */
export function eventDetails(event: HostEvent): [string, string][] {
  return Object.entries(event.data ?? {}).map(([key, one]) => [key.replaceAll("_", " "), value(one)]);
}
