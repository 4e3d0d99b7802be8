import { api, asProblem, Problem, whenSignedOut } from "../api/client";
import type { Session } from "../api/types";

type State = "unknown" | "out" | "in" | "failed";

class SignIn {
  state = $state<State>("unknown");
  session = $state.raw<Session | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** True when a session ended while somebody was at work, so that the page can say so. */
  expired = $state(false);

  constructor() {
    whenSignedOut(() => this.#ended());
  }

  #ended() {
    if (this.state === "in") this.expired = true;
    this.session = null;
    this.state = "out";
  }

  /** Asks the hub who is signed in. */
  async load() {
    try {
      this.session = await api.get<Session>("/session");
      this.problem = null;
      this.state = "in";
    } catch (error) {
      const problem = asProblem(error);
      if (problem?.status === 401) this.#ended();
      else if (this.state !== "in") {
        this.problem = problem;
        this.state = "failed";
      }
    }
  }

  async enter(name: string, password: string) {
    await api.post("/session", { name, password });
    this.expired = false;
    await this.load();
  }

  async leave() {
    await api.delete("/session").catch((error: unknown) => {
      if (asProblem(error)?.status !== 401) throw error;
    });
    this.expired = false;
    this.session = null;
    this.state = "out";
  }

  /** Only an administrator adds, changes and removes hosts. */
  get mayWrite(): boolean {
    return this.session?.user.role === "admin";
  }
}

export const signIn = new SignIn();
