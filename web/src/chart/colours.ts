/** Which of the eight series colours a line has. A name keeps its colour on every page, for ever. */

export const COLOURS = 8;

/** Names that deserve a colour of their own; all others take theirs from a checksum of the name. */
const GIVEN: Record<string, number> = {
  user: 1,
  system: 2,
  iowait: 4,
  nice: 3,
  irq: 5,
  softirq: 8,
  steal: 6,
  guest: 7,
  busy: 1,
  used: 1,
  cached: 3,
  buffers: 7,
  available: 3,
  "1 min": 1,
  "5 min": 2,
  "15 min": 3,
  cpu: 1,
  memory: 6,
  io: 2,
  receive: 1,
  send: 2,
  read: 1,
  write: 2,
  "/": 1,
  eth0: 1,
  lo: 7,
  running: 1,
  sleeping: 3,
  blocked: 4,
  zombie: 6,
  stopped: 2,
  idle: 7,
  established: 1,
  listen: 3,
  time_wait: 2,
};

function checksum(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** 1 to 8. */
export function colourOf(name: string): number {
  return GIVEN[name] ?? (checksum(name) % COLOURS) + 1;
}

export interface Stroke {
  colour: number;
  dash: number[];
}

const DASHES: number[][] = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

/** Two names of one chart that share a colour are told apart by their dash, not by another colour. */
export function strokes(names: string[]): Stroke[] {
  const taken = new Map<number, number>();
  return names.map((name) => {
    const colour = colourOf(name);
    const count = taken.get(colour) ?? 0;
    taken.set(colour, count + 1);
    return { colour, dash: DASHES[count % DASHES.length] ?? [] };
  });
}
