/** The shapes of docs/api.md. Times are seconds since 1970, null is unknown. */

export type Maybe<T> = T | null;
export type Status = "online" | "late" | "offline" | "never";
export type Severity = "info" | "warning" | "error";
export type Labels = Record<string, string>;

export interface Session {
  user: { name: string; role: "admin" | "operator" | "viewer" };
  expires: number;
  hub: { version: string; name: string };
}

export interface Now {
  cpu?: Maybe<number>;
  memory?: Maybe<number>;
  disk?: Maybe<number>;
  disk_mount?: Maybe<string>;
  load?: Maybe<number>;
  receive?: Maybe<number>;
  send?: Maybe<number>;
  uptime?: Maybe<number>;
}

export interface Facts {
  os?: string;
  kernel?: string;
  arch?: string;
  cpu?: string;
  cores?: number;
  memory?: number;
  hostname?: string;
  container?: string | boolean;
  boot_time?: number;
  [more: string]: unknown;
}

export interface Host {
  id: string;
  name: string;
  tags: Labels;
  status: Status;
  reason: string;
  since: Maybe<number>;
  last_seen: Maybe<number>;
  last_report: Maybe<number>;
  skew: Maybe<number>;
  agent?: Maybe<{ version?: string; python?: string }>;
  facts?: Maybe<Facts>;
  now: Maybe<Now>;
  spool?: Maybe<{ size: Maybe<number>; batches: Maybe<number>; age: Maybe<number> }>;
  interval: Maybe<number>;
  created: number;
  spark?: { cpu: Maybe<number>[] };
}

export type HostDelta = Pick<Host, "id"> & Partial<Host>;

export interface SeriesInfo {
  name: string;
  metric: string;
  labels: Labels;
  unit: string;
  kind: "gauge" | "counter";
  help?: string;
}

export interface RangeSeries extends SeriesInfo {
  mean: Maybe<number>[];
  min?: Maybe<number>[];
  max?: Maybe<number>[];
  last?: Maybe<number>;
}

export interface Range {
  from: number;
  to: number;
  step: number;
  resolution: "raw" | "5m" | "1h";
  times: number[];
  series: RangeSeries[];
}

export interface Process {
  pid: number;
  name: string;
  command: string;
  user: string;
  cpu: Maybe<number>;
  memory: Maybe<number>;
  state: string;
  threads: Maybe<number>;
  started: Maybe<number>;
}

export interface Processes {
  time: Maybe<number>;
  count: Maybe<number>;
  by_cpu: Process[];
  by_memory: Process[];
}

export interface Collector {
  name: string;
  state: "running" | "unavailable" | "failing" | "disabled";
  reason: string;
  seconds: Maybe<number>;
}

export interface HostEvent {
  time: number;
  received: number;
  type: string;
  severity: Severity;
  data: Record<string, unknown>;
}

export interface Gap {
  from: Maybe<number>;
  to: Maybe<number>;
  lane: string;
  batches: number;
  records: Maybe<number>;
  reason: string;
  noted: number;
}

export interface Completeness {
  from: number;
  to: number;
  step: number;
  received: number[];
  late: number[];
  gaps: Gap[];
  duplicates: number;
  quarantined: number;
  late_spans: [number, number][];
  interval: Maybe<number>;
}

export interface Report {
  time: number;
  received: number;
  schema: number;
  values: Maybe<number>[];
  hint: boolean;
}

export interface Schema {
  number: number;
  series: SeriesInfo[];
}

export interface Notice {
  severity: Severity;
  text: string;
  hint: string;
  since: Maybe<number>;
}

export interface HubInfo {
  version: string;
  started: number;
  incarnation: string;
  hosts: number;
  series: number;
  storage: Record<string, Maybe<number>>;
  ingest: { reports_per_second: number; samples_per_second: number; commits_per_second: number };
  compaction: { last: Maybe<number>; seconds: Maybe<number>; behind: Maybe<number> };
  notices: Notice[];
}

export interface Token {
  id: string;
  name: string;
  created: number;
  last_used: Maybe<number>;
  expires: Maybe<number>;
}

export interface Metric {
  name: string;
  unit: string;
  kind: string;
  help: string;
  labels: string[];
}
