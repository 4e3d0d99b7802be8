/** What the charts of a host show, in order. A chart appears when the host has any of its metrics. */
import type { Labels, SeriesInfo } from "../api/types";

export interface Subject {
  id: string;
  title: string;
  unit: string;
  metrics: string[];
  style: "lines" | "stack" | "heat";
  /** The name of a line; the same name has the same colour on every chart. */
  name: (series: SeriesInfo) => string;
  /** Names in the order in which they are stacked or listed; others follow by name. */
  order?: string[];
  keep?: (labels: Labels) => boolean;
  /** A metric drawn as a line of its own above a stack: the whole of which the parts are. `alone`: worth a chart without them. */
  whole?: { metric: string; name: string; alone?: boolean };
  /** The top of the axis, when it has one. */
  top?: number;
  /** False where an axis from zero would flatten all that matters. */
  zero?: boolean;
}

export interface Section {
  id: string;
  title: string;
  subjects: Subject[];
}

const label = (key: string) => (series: SeriesInfo) => series.labels[key] ?? series.metric;
const always = (name: string) => () => name;

function lines(id: string, title: string, unit: string, metrics: string[], name: Subject["name"], more: Partial<Subject> = {}): Subject {
  return { id, title, unit, metrics, style: "lines", name, ...more };
}

const MODES = ["user", "nice", "system", "irq", "softirq", "iowait", "steal", "guest"];
const LOADS: Record<string, string> = { "load.1": "1 min", "load.5": "5 min", "load.15": "15 min" };
const last = (metric: string) => metric.split(".").at(-1) ?? metric;

export const SECTIONS: Section[] = [
  {
    id: "processor",
    title: "Processor",
    subjects: [
      {
        ...lines("cpu", "CPU by mode", "%", ["cpu.mode.percent", "cpu.percent"], (one) => one.labels["mode"] ?? "busy"),
        style: "stack",
        order: MODES,
        keep: (labels) => labels["mode"] !== "idle",
        whole: { metric: "cpu.percent", name: "busy", alone: true },
      },
      { ...lines("cores", "Cores", "%", ["cpu.core.percent"], label("core")), style: "heat", top: 100 },
      lines("load", "Load", "", ["load.1", "load.5", "load.15"], (one) => LOADS[one.metric] ?? one.metric, { order: Object.values(LOADS) }),
      lines("pressure", "Pressure", "%", ["pressure.percent"], ({ labels }) => (labels["kind"] === "full" ? `${labels["resource"]} full` : (labels["resource"] ?? ""))),
      lines("quota", "Use of the container's quota", "%", ["cpu.quota.percent"], always("quota")),
    ],
  },
  {
    id: "memory",
    title: "Memory",
    subjects: [
      {
        ...lines("memory", "Memory", "B", ["memory.used", "memory.buffers", "memory.cached", "memory.total"], (one) => last(one.metric)),
        style: "stack",
        order: ["used", "buffers", "cached"],
        whole: { metric: "memory.total", name: "total" },
      },
      lines("swap", "Swap", "B", ["swap.used", "swap.total"], (one) => last(one.metric), { whole: { metric: "swap.total", name: "total" } }),
    ],
  },
  {
    id: "disks",
    title: "Disks",
    subjects: [
      lines("space", "Space in use", "%", ["disk.percent"], label("mount"), { top: 100 }),
      lines("inodes", "Inodes in use", "%", ["disk.inodes.percent"], label("mount")),
      lines("read", "Read", "B/s", ["disk.read"], label("device")),
      lines("write", "Written", "B/s", ["disk.write"], label("device")),
      lines("operations", "Operations", "1/s", ["disk.reads", "disk.writes"], (one) => `${one.labels["device"]} ${last(one.metric)}`),
      lines("busy", "Busy", "%", ["disk.busy"], label("device")),
    ],
  },
  {
    id: "network",
    title: "Network",
    subjects: [
      lines("receive", "Received", "B/s", ["network.receive"], label("interface")),
      lines("send", "Sent", "B/s", ["network.send"], label("interface")),
      lines("packets", "Packets", "1/s", ["network.receive.packets", "network.send.packets"], (one) => `${one.labels["interface"]} ${one.metric.split(".")[1]}`),
      lines(
        "errors",
        "Errors and drops",
        "1/s",
        ["network.receive.errors", "network.send.errors", "network.receive.drops", "network.send.drops"],
        (one) => `${one.labels["interface"]} ${one.metric.split(".").slice(1).join(" ")}`,
      ),
      lines("tcp", "TCP connections", "", ["tcp.connections"], ({ labels }) => (labels["state"] ?? "").toLowerCase()),
    ],
  },
  {
    id: "system",
    title: "System",
    subjects: [
      lines("states", "Processes by state", "", ["processes.state"], label("state"), { order: ["running", "sleeping", "blocked", "stopped", "zombie", "idle"] }),
      lines("processes", "Processes", "", ["processes.count"], always("processes")),
      lines("files", "Open files", "", ["files.open"], always("open files")),
      lines("users", "Users logged in", "", ["users.sessions"], always("sessions")),
    ],
  },
  {
    id: "sensors",
    title: "Sensors",
    subjects: [
      lines("temperature", "Temperatures", "°C", ["temperature"], label("sensor"), { zero: false }),
      lines("battery", "Battery", "%", ["battery.percent"], label("battery"), { top: 100 }),
      lines("gpu", "GPU", "%", ["gpu.percent"], label("gpu"), { top: 100 }),
      lines("gpu-memory", "GPU memory", "B", ["gpu.memory.used"], label("gpu")),
      lines("gpu-temperature", "GPU temperature", "°C", ["gpu.temperature"], label("gpu"), { zero: false }),
      lines("gpu-power", "GPU power", "W", ["gpu.power"], label("gpu")),
    ],
  },
  {
    id: "agent",
    title: "Agent",
    subjects: [
      lines("agent-cpu", "CPU of the agent", "%", ["agent.cpu.percent"], always("agent")),
      lines("agent-memory", "Memory of the agent", "B", ["agent.memory"], always("agent")),
      lines("spool", "Spool: not yet at the hub", "B", ["agent.spool.size"], always("spool")),
      lines("spool-age", "Oldest in the spool", "s", ["agent.spool.age"], always("oldest")),
      lines("collectors", "Time of collectors", "s", ["agent.collector.time"], label("collector")),
    ],
  },
];

/** Sections with the charts that this host has something for. */
export function present(metrics: ReadonlySet<string>): Section[] {
  return SECTIONS.map((section) => ({
    ...section,
    subjects: section.subjects.flatMap((subject) => {
      const found = subject.metrics.filter((metric) => metrics.has(metric));
      const { whole, ...rest } = subject;
      if (found.some((metric) => metric !== whole?.metric)) return [{ ...subject, metrics: found }];
      return whole?.alone && found.length > 0 ? [{ ...rest, style: "lines" as const, metrics: found }] : [];
    }),
  })).filter(({ subjects }) => subjects.length > 0);
}

/** A chart of one metric: all of its series as lines, named and coloured as on the charts above where they stand there, too. */
export function generic(metric: string, series: SeriesInfo[]): Subject {
  const unit = series[0]?.unit ?? "";
  const known = SECTIONS.flatMap(({ subjects }) => subjects).find(({ metrics }) => metrics.includes(metric));
  const name = ({ labels, metric: own }: SeriesInfo) =>
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ") || own;
  return lines(`metric:${metric}`, metric, unit, [metric], known?.name ?? name);
}

const natural = new Intl.Collator("en", { numeric: true }).compare;

/** Lines in the order of the subject, then by name. */
export function ordered<T extends { info: SeriesInfo }>(subject: Subject, all: T[]): { whole: T | null; parts: T[] } {
  const whole = all.find(({ info }) => info.metric === subject.whole?.metric) ?? null;
  const place = (one: T) => {
    const at = subject.order?.indexOf(subject.name(one.info)) ?? -1;
    return at < 0 ? Infinity : at;
  };
  const parts = all
    .filter((one) => one !== whole && (subject.keep?.(one.info.labels) ?? true))
    .sort((one, other) => {
      const way = place(one) - place(other);
      return Number.isNaN(way) || way === 0 ? natural(subject.name(one.info), subject.name(other.info)) : way;
    });
  return { whole, parts };
}
