/** What a machine is, as short pairs; what is unknown is left out. */
import type { Host } from "../api/types";
import { exact } from "../format/time";
import { duration, text } from "../format/units";

export interface Fact {
  label: string;
  value: string;
  title?: string;
}

export function factsOf(host: Host, now: number): Fact[] {
  const facts = host.facts ?? {};
  const found: (Fact | null)[] = [
    facts.os ? { label: "System", value: facts.os } : null,
    facts.kernel ? { label: "Kernel", value: facts.kernel } : null,
    facts.cpu ? { label: "Processor", value: [facts.cpu, facts.arch].filter(Boolean).join(", ") } : null,
    !facts.cpu && facts.arch ? { label: "Architecture", value: facts.arch } : null,
    facts.memory ? { label: "Memory", value: text(facts.memory, "B") } : null,
    facts.hostname && facts.hostname !== host.name ? { label: "Host name", value: facts.hostname } : null,
    facts.container ? { label: "Container", value: facts.container === true ? "yes" : String(facts.container) } : null,
    facts.boot_time ? { label: "Up", value: duration(now - facts.boot_time), title: `since ${exact(facts.boot_time)}` } : null,
    host.agent?.version ? { label: "Agent", value: `${host.agent.version}${host.agent.python ? `, Python ${host.agent.python}` : ""}` } : null,
    host.interval ? { label: "Interval", value: duration(host.interval) } : null,
  ];
  return found.filter((fact) => fact !== null);
}
