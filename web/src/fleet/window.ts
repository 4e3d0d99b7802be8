/** Which rows of a long list stand on screen, so that only those are drawn. */

export interface Slice {
  first: number;
  last: number;
}

/** `top` is how far the list's own start lies above the upper edge of the screen, in pixels. */
export function visible(top: number, screen: number, rowHeight: number, rows: number, spare = 4): Slice {
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const last = Math.min(rows, Math.ceil((top + screen) / rowHeight) + spare);
  return { first: Math.min(first, rows), last: Math.max(last, Math.min(first, rows)) };
}

/** Columns of at least `least` pixels that fit into `width`. */
export function columns(width: number, least: number, gap: number): number {
  return Math.max(1, Math.floor((width + gap) / (least + gap)));
}
