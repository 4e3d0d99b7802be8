/** The hub's present, in seconds, once a second; ages on screen follow it. */
class Clock {
  now = $state(Date.now() / 1000);
  #ahead = 0;

  constructor() {
    setInterval(() => (this.now = this.read()), 1000);
  }

  read(): number {
    return Date.now() / 1000 + this.#ahead;
  }

  /** The hub said what time it is. Small differences are the way between; great ones are a wrong clock here. */
  heard(time: number) {
    const ahead = time - Date.now() / 1000;
    this.#ahead = Math.abs(ahead) > 2 ? ahead : 0;
  }
}

export const clock = new Clock();
