/** Filtering, ordering and counting of hosts; pure, so that a thousand of them can be tested. */
import type { Host, HostDelta, Status } from "../api/types";

export const STATUSES: Status[] = ["offline", "late", "never", "online"];

export type SortKey = "name" | "status" | "cpu" | "memory" | "disk" | "load" | "network" | "report";

export interface Sort {
  key: SortKey;
  down: boolean;
}

/** What a column starts with when it is first chosen: figures from the highest, words from A. */
export const startsDown = (key: SortKey) => key !== "name" && key !== "status";

/** Every word must be found in the name, a tag, the status or the system; `role=web` asks for that tag. */
export function matches(host: Host, words: string[]): boolean {
  return words.every((word) => {
    const [key, value] = word.split("=", 2);
    if (key && value !== undefined) return (host.tags[key] ?? "").toLowerCase().startsWith(value) && key in host.tags;
    if (host.status === word || host.name.toLowerCase().includes(word)) return true;
    if (String(host.facts?.os ?? "").toLowerCase().includes(word)) return true;
    return Object.entries(host.tags).some(([name, tag]) => `${name}=${tag}`.toLowerCase().includes(word));
  });
}

export const words = (filter: string) => filter.toLowerCase().split(/\s+/).filter(Boolean);

function rank(host: Host, key: SortKey): number {
  const now = host.now ?? {};
  switch (key) {
    case "status":
      return STATUSES.indexOf(host.status);
    case "network":
      return now.receive == null && now.send == null ? Number.NaN : (now.receive ?? 0) + (now.send ?? 0);
    case "report":
      return host.last_report ?? Number.NaN;
    case "name":
      return 0;
    default:
      return now[key] ?? Number.NaN;
  }
}

const byName = new Intl.Collator("en", { numeric: true }).compare;

/** In order; what is unknown comes last whichever way, equals by name. */
export function sorted(hosts: Host[], { key, down }: Sort): Host[] {
  const way = down ? -1 : 1;
  if (key === "name") return [...hosts].sort((one, other) => way * byName(one.name, other.name));
  const ranks = new Map(hosts.map((host) => [host.id, rank(host, key)]));
  return [...hosts].sort((one, other) => {
    const a = ranks.get(one.id) ?? Number.NaN;
    const b = ranks.get(other.id) ?? Number.NaN;
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || byName(one.name, other.name);
    return way * (a - b) || byName(one.name, other.name);
  });
}

export function counts(hosts: Iterable<Host>): Record<Status, number> {
  const found = { online: 0, late: 0, offline: 0, never: 0 };
  for (const host of hosts) found[host.status] += 1;
  return found;
}

/** Deltas of one frame over the hosts that are known; hosts that did not change stay the same objects. */
export function merged(hosts: ReadonlyMap<string, Host>, deltas: Iterable<HostDelta>): Map<string, Host> {
  const next = new Map(hosts);
  for (const delta of deltas) {
    const host = next.get(delta.id);
    if (host) next.set(delta.id, { ...host, ...delta });
  }
  return next;
}

export interface Extreme {
  value: number;
  host: Host;
}

export interface Totals {
  mean: number | null;
  highest: Extreme | null;
}

/** Mean and highest of a figure over hosts that report it now. */
export function totals(hosts: Iterable<Host>, key: "cpu" | "memory" | "disk"): Totals {
  let sum = 0;
  let count = 0;
  let highest: Extreme | null = null;
  for (const host of hosts) {
    const value = host.now?.[key];
    if (value == null || host.status === "offline") continue;
    sum += value;
    count += 1;
    if (!highest || value > highest.value) highest = { value, host };
  }
  return { mean: count > 0 ? sum / count : null, highest };
}

export function sum(hosts: Iterable<Host>, key: "receive" | "send"): number | null {
  let total: number | null = null;
  for (const host of hosts) {
    const value = host.now?.[key];
    if (value != null && host.status !== "offline") total = (total ?? 0) + value;
  }
  return total;
}
