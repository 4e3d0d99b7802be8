/** One stream of server-sent events that keeps itself alive and knows how old its last word is. */
import { clock } from "../state/clock.svelte";
import { signIn } from "../state/session.svelte";
import { url, type Query } from "./client";

export type Connection = "connecting" | "live" | "offline";
type Handlers = Record<string, (data: never) => void>;

// The hub sends a ping every 10 s; two missed ones and a bit are silence.
const SILENCE = 25_000;
const FIRST_RETRY = 1_000;
const LAST_RETRY = 10_000;
// Longer than any start of a stream takes, shorter than a person's patience.
const PATIENCE = 3_000;

class Link {
  connection = $state<Connection>("connecting");
  /** When the hub last said anything, in seconds. */
  heard = $state<number | null>(null);
  retryAt = $state<number | null>(null);
}

/** The state of the one stream that is open, for the top line and the banner. */
export const link = new Link();

export class LiveStream {
  #source: EventSource | null = null;
  #timer = 0;
  #watch = 0;
  #delay = FIRST_RETRY;
  #closed = false;
  #heard = 0;

  constructor(
    private readonly query: Query,
    private readonly handlers: Handlers,
    /** Called each time that the stream begins anew: what came in between must be fetched. */
    private readonly began: (again: boolean) => void,
  ) {
    this.#open(false);
  }

  #open(again: boolean) {
    if (this.#closed) return;
    const source = new EventSource(url("/live", this.query));
    this.#source = source;
    this.#heard = Date.now();
    source.onopen = () => {
      this.#delay = FIRST_RETRY;
      this.#alive();
      this.began(again);
    };
    source.onerror = () => this.#lost();
    source.addEventListener("ping", (event) => {
      this.#alive();
      clock.heard((JSON.parse((event as MessageEvent<string>).data) as { time: number }).time);
    });
    for (const [name, handler] of Object.entries(this.handlers)) {
      source.addEventListener(name, (event) => {
        this.#alive();
        handler(JSON.parse((event as MessageEvent<string>).data) as never);
      });
    }
    clearInterval(this.#watch);
    this.#watch = window.setInterval(() => {
      if (Date.now() - this.#heard > SILENCE) this.#lost();
    }, PATIENCE);
  }

  #alive() {
    this.#heard = Date.now();
    link.heard = this.#heard / 1000;
    link.connection = "live";
    link.retryAt = null;
  }

  #lost() {
    if (this.#closed || this.#source === null) return;
    this.#source.close();
    this.#source = null;
    clearInterval(this.#watch);
    link.connection = "offline";
    link.retryAt = (Date.now() + this.#delay) / 1000;
    this.#timer = window.setTimeout(() => void this.#retry(), this.#delay);
    this.#delay = Math.min(this.#delay * 1.6, LAST_RETRY);
  }

  async #retry() {
    // An EventSource does not tell a closed session from a dead hub; the session call does.
    await signIn.load();
    if (signIn.state === "in") this.#open(true);
  }

  /** Tries at once, when somebody asks for it. */
  retryNow() {
    if (this.#source !== null || this.#closed) return;
    clearTimeout(this.#timer);
    void this.#retry();
  }

  close() {
    this.#closed = true;
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    link.connection = "connecting";
  }
}
