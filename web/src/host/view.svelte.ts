/** One host as its page sees it: facts, the window of time, live reports, and what is missing. */
import { api, asProblem, type Problem } from "../api/client";
import { LiveStream } from "../api/live.svelte";
import type { Completeness, Host, HostEvent, Maybe, Processes, Report, Schema, SeriesInfo } from "../api/types";
import { bounds, parseWindow, shifted, withWindow, zoomed, type Window } from "../format/window";
import type { Sample } from "../chart/lines";
import { clock } from "../state/clock.svelte";
import { hostPath, router } from "../state/router.svelte";

const BUCKETS = 240;
const EVENTS_ON_CHARTS = 200;
const ZOOM = "zoom";
const STILL = 5_000;

export interface Span {
  from: number;
  to: number;
}

export class HostView {
  host = $state.raw<Host | null>(null);
  problem = $state.raw<Problem | null>(null);
  series = $state.raw<SeriesInfo[] | null>(null);
  completeness = $state.raw<Completeness | null>(null);
  /** Live reports since the completeness was asked for. */
  since = $state(0);
  events = $state.raw<HostEvent[]>([]);
  processes = $state.raw<Processes | null>(null);
  /** The last report, for figures that are shown as they come. */
  latest = $state.raw<Sample | null>(null);
  /** The part of time on screen; moves on while live. */
  span = $state.raw<Span>({ from: 0, to: 0 });
  /** Rises when charts must ask the hub again: another window, or a stream that was broken. */
  epoch = $state(0);

  readonly id: string;
  readonly window: Window = $derived(parseWindow(router.query));
  readonly metrics: ReadonlySet<string> = $derived(new Set((this.series ?? []).map(({ metric }) => metric)));
  readonly interval: number = $derived(this.host?.interval ?? 5);

  #schemas = new Map<number, Map<string, number>>();
  #listeners = new Set<(sample: Sample) => void>();
  #stream: LiveStream;
  #painted = 0;
  #idle: number;

  constructor(id: string) {
    this.id = id;
    this.#stream = new LiveStream(
      { host: id },
      {
        host: (host: Host) => (this.host = host),
        schema: (schema: Schema) => this.#learn(schema),
        report: (report: Report) => this.#report(report),
        processes: (processes: Processes) => {
          if (this.window.live) this.processes = processes;
        },
        event: (event: HostEvent) => (this.events = [event, ...this.events].slice(0, EVENTS_ON_CHARTS)),
        gap: () => void this.#loadCompleteness(),
        skipped: () => this.reload(),
      },
      (again) => {
        if (again) this.reload();
      },
    );
    void this.#load();
    this.#idle = window.setInterval(() => this.#move(), STILL);
  }

  /** Now goes on when no report comes, and so does a window that follows it. */
  #move() {
    if (this.window.live && clock.read() - this.span.to > STILL / 1000) this.span = bounds(this.window, clock.read());
  }

  async #load() {
    try {
      const [host, { series }] = await Promise.all([
        api.get<Host>(`/hosts/${this.id}`),
        api.get<{ series: SeriesInfo[] }>(`/hosts/${this.id}/series`),
      ]);
      this.host ??= host;
      this.series = series;
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    }
  }

  /** Takes up the window of the address; the page calls it whenever that changes. */
  enter(window: Window) {
    this.span = bounds(window, clock.read());
    this.epoch += 1;
    void this.#loadCompleteness();
    void this.#loadEvents();
    void this.#loadProcesses(window);
  }

  reload() {
    if (this.problem || !this.series) void this.#load();
    this.enter(this.window);
  }

  /** Asks again for what was received, as the window moves on. */
  refreshCompleteness() {
    if (this.window.live) void this.#loadCompleteness();
  }

  async #loadCompleteness() {
    const { from, to } = this.span;
    try {
      this.completeness = await api.get<Completeness>(`/hosts/${this.id}/completeness`, { from, to, buckets: BUCKETS });
      this.since = 0;
    } catch {
      this.completeness = null;
    }
  }

  async #loadEvents() {
    const { from, to } = this.span;
    try {
      const found = await api.get<{ events: HostEvent[] }>(`/hosts/${this.id}/events`, { from, to, limit: EVENTS_ON_CHARTS });
      this.events = found.events;
    } catch {
      this.events = [];
    }
  }

  async #loadProcesses(window: Window) {
    try {
      this.processes = await api.get<Processes>(`/hosts/${this.id}/processes`, window.live ? {} : { at: window.to });
    } catch (error) {
      if (asProblem(error)?.status === 404) this.processes = null;
    }
  }

  #learn(schema: Schema) {
    this.#schemas.set(schema.number, new Map(schema.series.map(({ name }, index) => [name, index])));
    const known = new Map((this.series ?? []).map((one) => [one.name, one]));
    const fresh = schema.series.filter(({ name }) => !known.has(name));
    if (this.series && fresh.length > 0) this.series = [...this.series, ...fresh];
  }

  #report(report: Report) {
    const places = this.#schemas.get(report.schema);
    if (!places) return;
    const value = (name: string): Maybe<number> => {
      const place = places.get(name);
      return place === undefined ? null : (report.values[place] ?? null);
    };
    const sample = { time: report.time, value };
    if (this.latest && sample.time < this.latest.time) return;
    this.latest = sample;
    if (this.window.live) {
      this.since += 1;
      this.span = bounds(this.window, Math.max(clock.read(), report.time));
      for (const listener of this.#listeners) listener(sample);
    }
    cancelAnimationFrame(this.#painted);
    // What a person can see is what counts: the time of the newest report that is on the screen.
    this.#painted = requestAnimationFrame(() => {
      document.documentElement.dataset["painted"] = String(report.time);
    });
  }

  /** Tells about each live report while the window follows now. */
  listen(listener: (sample: Sample) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  show(window: Window, mark?: string) {
    router.go(hostPath(this.id), withWindow(router.query, window), mark ? { mark } : {});
  }

  zoom(from: number, to: number) {
    this.show(zoomed(from, to), ZOOM);
  }

  /** Back from a zoom, to the window before it; without a zoom, to now. */
  back() {
    if (router.mark === ZOOM) history.back();
    else if (!this.window.live) this.show(parseWindow(new URLSearchParams()));
  }

  shift(part: number) {
    this.show(shifted(this.window, part, clock.read()));
  }

  retryNow() {
    this.#stream.retryNow();
  }

  close() {
    this.#stream.close();
    this.#listeners.clear();
    clearInterval(this.#idle);
    cancelAnimationFrame(this.#painted);
  }
}
