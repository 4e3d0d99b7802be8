/** Builds the uPlot of one chart. What it draws is looked up at each draw, so that new data needs no new plot. */
import uPlot from "uplot";
import type { Maybe } from "../api/types";
import { timeLabels } from "../format/time";
import { tick } from "../format/units";
import { colour } from "../state/theme.svelte";
import type { Stroke } from "./colours";
import { drawLate, drawGaps, drawEvents, drawHeat } from "./layers";
import { stacked, type Line } from "./lines";
import type { Marks } from "./marks";
import { niceTop, timeTicks, valueSteps } from "./ticks";

export interface Drawn {
  line: Line;
  name: string;
  stroke: Stroke;
  hidden: boolean;
}

/** What a plot shows now. `parts` are stacked or drawn as lines, `whole` is a line of its own. */
export interface Picture {
  style: "lines" | "stack" | "heat";
  unit: string;
  times: number[];
  parts: Drawn[];
  whole: Drawn | null;
  banded: boolean;
  from: number;
  to: number;
  top: number | undefined;
  zero: boolean;
  marks: Marks;
}

export interface Reactions {
  zoom: (from: number, to: number) => void;
  back: () => void;
  /** The time and the index of the point under the cursor, null when it left. */
  cursor: (at: { time: number; index: number; left: number } | null) => void;
}

export const AXIS_WIDTH = 60;
const FONT = '12px "Inter Variable", sans-serif';
const LABEL_WIDTH = 84;

/** Rows of uPlot's data for a picture: per line its mean, and its minimum and maximum where there is a band. */
export function rows(picture: Picture): uPlot.AlignedData {
  const { style, times, parts, whole, banded } = picture;
  const shown = parts.map(({ line, hidden }) => (hidden ? { ...line, mean: times.map(() => null) } : line));
  const own: Maybe<number>[][] =
    style === "stack"
      ? stacked(shown, times.length)
      : shown.flatMap((line, index) => (banded && !parts[index]?.hidden ? [line.mean, line.low, line.high] : banded ? [line.mean, line.mean, line.mean] : [line.mean]));
  const all = whole ? [...own, ...(banded ? [whole.line.mean, whole.line.low, whole.line.high] : [whole.line.mean])] : own;
  return [times, ...all] as uPlot.AlignedData;
}

const veiled = (paint: string, share: number) => `color-mix(in oklab, ${paint} ${share}%, transparent)`;

function series(picture: Picture): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const found: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const bare: uPlot.Series = { width: 0, points: { show: false } };
  const add = (drawn: Drawn, paint: string, width: number, fill?: string) => {
    const at = found.length;
    found.push({
      stroke: paint,
      width,
      ...(drawn.stroke.dash.length > 0 && { dash: drawn.stroke.dash }),
      ...(fill && { fill }),
      points: { show: true, filter: (plot, at) => lonely(plot.data[at] ?? []) },
    });
    return at;
  };
  const band = (at: number, paint: string) => {
    found.push(bare, bare);
    bands.push({ series: [at + 2, at + 1], fill: veiled(paint, 22) });
  };
  picture.parts.forEach((drawn, index) => {
    const paint = colour(`series-${drawn.stroke.colour}`);
    if (picture.style === "heat") found.push({ ...bare, paths: () => null });
    else if (picture.style === "stack") {
      const at = add({ ...drawn, stroke: { ...drawn.stroke, dash: [] } }, paint, 1, index === 0 ? veiled(paint, 55) : undefined);
      if (index > 0) bands.push({ series: [at, at - 1], fill: veiled(paint, 55) });
    } else {
      const at = add(drawn, paint, 1.5, picture.parts.length === 1 && picture.zero ? veiled(paint, 14) : undefined);
      if (picture.banded) band(at, paint);
    }
  });
  if (picture.whole) {
    const paint = colour("n-11");
    // The top of a stack of shares is the whole already; only its extremes are news.
    const doubled = picture.style === "stack" && picture.unit === "%";
    const at = add({ ...picture.whole, stroke: { colour: 0, dash: doubled ? [] : [4, 4] } }, paint, doubled ? 0 : 1);
    if (picture.banded) band(at, paint);
  }
  return { series: found, bands };
}

/** A value between two unknown ones has no line; a dot makes it visible. */
function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  }
  return found;
}

function axes(read: () => Picture): uPlot.Axis[] {
  const stroke = colour("n-11");
  const grid = { stroke: colour("n-5"), width: 1 };
  let step = 60;
  return [
    {
      stroke,
      font: FONT,
      size: 28,
      gap: 8,
      grid: { show: false },
      ticks: { show: true, stroke: colour("n-7"), width: 1, size: 4 },
      splits: (plot, _axis, from, to) => {
        const made = timeTicks(from, to, Math.max(2, Math.floor(plot.bbox.width / devicePixelRatio / LABEL_WIDTH)));
        step = made.step;
        return made.ticks;
      },
      values: (_plot, splits) => timeLabels(splits, step),
    },
    {
      stroke,
      font: FONT,
      size: AXIS_WIDTH,
      gap: 8,
      space: 34,
      grid: { ...grid, show: read().style !== "heat" },
      ticks: { show: false },
      incrs: valueSteps(read().unit),
      ...(read().style === "heat" ? named(read) : { values: (_plot: uPlot, splits: number[]) => splits.map((value) => tick(value, read().unit)) }),
    },
  ];
}

const MOST_ROWS = 12;

/** The rows of a heat strip by name, from the top; every other one is left out where they are too many. */
function named(read: () => Picture): Pick<uPlot.Axis, "splits" | "values"> {
  const kept = () => {
    const { parts } = read();
    const every = Math.ceil(parts.length / MOST_ROWS);
    return parts.flatMap(({ name }, row) => (row % every === 0 ? [{ name, middle: parts.length - row - 0.5 }] : []));
  };
  return { splits: () => kept().map(({ middle }) => middle), values: () => kept().map(({ name }) => name) };
}

function yRange(read: () => Picture): uPlot.Range.Function {
  return (_plot, low, high) => {
    const { style, unit, top, zero, parts, whole } = read();
    if (style === "heat") return [0, Math.max(1, parts.length)];
    // The axis of a memory ends a little above its size, not at the next round number.
    if (whole && unit === "B") return [0, Math.max(1024, (high ?? 0) * 1.06)];
    if (zero) return [Math.min(0, low ?? 0), top ?? niceTop(high ?? 0, unit)];
    if (low === null || high === null) return [0, 1];
    const room = Math.max((high - low) * 0.15, 1);
    return [low - room, high + room];
  };
}

const noLegend = { show: false };

/** Makes the plot inside `box`. `read` gives what it shows whenever it draws. */
export function makePlot(box: HTMLElement, read: () => Picture, react: Reactions, sync: string): uPlot {
  const { series: lines, bands } = series(read());
  const quiet = (kind: string) => kind !== "mouseup" && kind !== "mousedown";
  return new uPlot(
    {
      width: box.clientWidth || 300,
      height: box.clientHeight || 200,
      padding: [10, 12, 0, 0],
      legend: noLegend,
      series: lines,
      bands,
      axes: axes(read),
      scales: { x: { time: true, range: () => [read().from, read().to] }, y: { range: yRange(read) } },
      cursor: {
        y: false,
        points: { size: 7, width: 2, show: read().style !== "heat" },
        drag: { x: true, y: false, setScale: false, dist: 6 },
        sync: { key: sync, scales: ["x", null], filters: { pub: quiet, sub: quiet } },
        bind: { dblclick: () => () => (react.back(), null) },
      },
      hooks: {
        drawClear: [(plot) => drawGaps(plot, read().marks), (plot) => drawHeat(plot, read())],
        draw: [(plot) => drawLate(plot, read().marks), (plot) => drawEvents(plot, read().marks)],
        setCursor: [(plot) => react.cursor(under(plot))],
        setSelect: [(plot) => selected(plot, react)],
      },
    },
    rows(read()),
    box,
  );
}

function under(plot: uPlot): { time: number; index: number; left: number } | null {
  const { left, idx } = plot.cursor;
  if (left === undefined || left < 0 || idx == null) return null;
  return { time: plot.posToVal(left, "x"), index: idx, left };
}

function selected(plot: uPlot, react: Reactions) {
  const { left, width } = plot.select;
  if (width < 6) return;
  const from = plot.posToVal(left, "x");
  const to = plot.posToVal(left + width, "x");
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  react.zoom(from, to);
}
