/** A choice that the browser remembers, such as the theme or cards or table. */
export class Kept<T extends string> {
  #value = $state() as T;
  #key: string;

  constructor(key: string, choices: readonly T[], fallback: T) {
    this.#key = `wk.${key}`;
    let stored: string | null = null;
    try {
      stored = localStorage.getItem(this.#key);
    } catch {
      // Storage may be forbidden; the choice then holds for this visit.
    }
    this.#value = choices.find((choice) => choice === stored) ?? fallback;
  }

  get value(): T {
    return this.#value;
  }

  set value(next: T) {
    this.#value = next;
    try {
      localStorage.setItem(this.#key, next);
    } catch {
      // As above.
    }
  }
}
