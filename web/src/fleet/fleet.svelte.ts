/** All hosts as the hub sees them now. Deltas are gathered and taken in once a frame. */
import { api } from "../api/client";
import { LiveStream } from "../api/live.svelte";
import type { Host, HostDelta, Maybe } from "../api/types";
import { merged } from "./hosts";

const MINUTE = 60;

export class Fleet {
  hosts = $state.raw<ReadonlyMap<string, Host>>(new Map());
  loaded = $state(false);
  /** CPU of the last hour by host: minute means, oldest first. */
  sparks = $state.raw<ReadonlyMap<string, Maybe<number>[]>>(new Map());
  #pending: HostDelta[] = [];
  #frame = 0;
  #sparkTimer: number;
  #stream: LiveStream;

  constructor() {
    this.#stream = new LiveStream(
      {},
      {
        fleet: ({ hosts }: { hosts: Host[] }) => this.#all(hosts),
        hosts: ({ hosts }: { hosts: HostDelta[] }) => this.#changed(hosts),
        added: (host: Host) => this.put(host),
        removed: ({ id }: { id: string }) => this.drop(id),
      },
      () => void this.#loadSparks(),
    );
    this.#sparkTimer = window.setInterval(() => void this.#loadSparks(), MINUTE * 1000);
  }

  #all(hosts: Host[]) {
    this.hosts = new Map(hosts.map((host) => [host.id, { ...this.hosts.get(host.id), ...host }]));
    this.loaded = true;
  }

  #changed(deltas: HostDelta[]) {
    this.#pending.push(...deltas);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.hosts = merged(this.hosts, this.#pending);
      this.#pending = [];
    });
  }

  put(host: Host) {
    this.hosts = new Map(this.hosts).set(host.id, { ...this.hosts.get(host.id), ...host });
  }

  drop(id: string) {
    const next = new Map(this.hosts);
    next.delete(id);
    this.hosts = next;
  }

  async #loadSparks() {
    try {
      const { hosts } = await api.get<{ hosts: Host[] }>("/hosts", { sparkline: "1" });
      this.sparks = new Map(hosts.map((host) => [host.id, host.spark?.cpu ?? []]));
      const facts = new Map(hosts.map((host) => [host.id, host.facts]));
      this.hosts = new Map([...this.hosts].map(([id, host]) => [id, { ...host, facts: facts.get(id) ?? host.facts ?? null }]));
    } catch {
      // The stream's own state shows that the hub is away; sparklines come with the next minute.
    }
  }

  retryNow() {
    this.#stream.retryNow();
  }

  close() {
    this.#stream.close();
    clearInterval(this.#sparkTimer);
    cancelAnimationFrame(this.#frame);
  }
}
