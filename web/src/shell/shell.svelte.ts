import type { Snippet } from "svelte";

/** What floats above the page, and what the page puts into the top line. */
class ShellState {
  open = $state<"palette" | "keys" | null>(null);
  /** The name of what the page shows, beside the way up to the fleet. */
  scope = $state<string | null>(null);
  tools = $state.raw<Snippet | null>(null);
  retryNow = $state.raw<(() => void) | null>(null);
}

export const shell = new ShellState();
