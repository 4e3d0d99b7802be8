import { Kept } from "./kept.svelte";

export const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

/** `version` rises when colours change, for what is drawn on a canvas. */
class Appearance {
  readonly #kept = new Kept<Theme>("theme", THEMES, "system");
  version = $state(0);

  constructor() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (this.version += 1));
  }

  get theme(): Theme {
    return this.#kept.value;
  }

  set theme(next: Theme) {
    this.#kept.value = next;
    if (next === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = next;
    this.version += 1;
  }
}

export const appearance = new Appearance();

/** The colour behind a custom property as a canvas takes it. */
export function colour(name: string): string {
  let probe = document.getElementById("colour-probe");
  if (!probe) {
    probe = document.createElement("span");
    probe.id = "colour-probe";
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}
