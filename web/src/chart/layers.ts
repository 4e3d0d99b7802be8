/** What a chart shows besides its lines: losses hatched, late data underlined, events as thin lines, cores as heat. */
import type uPlot from "uplot";
import { colour } from "../state/theme.svelte";
import type { Marks } from "./marks";
import type { Picture } from "./plot";

let hatch: { key: string; pattern: CanvasPattern | null } = { key: "", pattern: null };

/** Diagonal lines in the colour of what is offline; made anew when the theme changes. */
function hatching(context: CanvasRenderingContext2D): CanvasPattern | null {
  const line = colour("offline-line");
  const size = Math.round(8 * devicePixelRatio);
  const key = `${line} ${size}`;
  if (hatch.key === key) return hatch.pattern;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const brush = tile.getContext("2d");
  if (!brush) return null;
  brush.strokeStyle = line;
  brush.lineWidth = Math.max(1, devicePixelRatio);
  brush.globalAlpha = 0.7;
  for (const shift of [-size, 0, size]) {
    brush.moveTo(shift, size);
    brush.lineTo(shift + size, 0);
  }
  brush.stroke();
  hatch = { key, pattern: context.createPattern(tile, "repeat") };
  return hatch.pattern;
}

function clipped(plot: uPlot, draw: (context: CanvasRenderingContext2D, box: uPlot.BBox) => void) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
}

export function drawGaps(plot: uPlot, { gaps }: Marks) {
  if (gaps.length === 0) return;
  clipped(plot, (context, box) => {
    for (const { from, to } of gaps) {
      const left = plot.valToPos(from, "x", true);
      const width = Math.max(3 * devicePixelRatio, plot.valToPos(to, "x", true) - left);
      context.fillStyle = colour("offline-fill");
      context.fillRect(left, box.top, width, box.height);
      const pattern = hatching(context);
      if (pattern) context.fillStyle = pattern;
      context.fillRect(left, box.top, width, box.height);
    }
  });
}

export function drawLate(plot: uPlot, { late }: Marks) {
  if (late.length === 0) return;
  clipped(plot, (context, box) => {
    context.fillStyle = colour("info-line");
    const height = 2 * devicePixelRatio;
    for (const [from, to] of late) {
      const left = plot.valToPos(from, "x", true);
      context.fillRect(left, box.top + box.height - height, Math.max(height, plot.valToPos(to, "x", true) - left), height);
    }
  });
}

const SEVERITY = { info: "info-line", warning: "warning-line", error: "critical-line" };

export function drawEvents(plot: uPlot, { events }: Marks) {
  if (events.length === 0) return;
  clipped(plot, (context, box) => {
    const unit = devicePixelRatio;
    for (const event of events) {
      const left = Math.round(plot.valToPos(event.time, "x", true));
      context.fillStyle = colour(SEVERITY[event.severity]);
      context.globalAlpha = 0.75;
      context.fillRect(left, box.top, unit, box.height);
      context.globalAlpha = 1;
      context.beginPath();
      context.moveTo(left - 3.5 * unit, box.top);
      context.lineTo(left + 4.5 * unit, box.top);
      context.lineTo(left + unit / 2, box.top + 5 * unit);
      context.fill();
    }
  });
}

// Rows at least this high (in CSS pixels) are small charts of their own; lower ones show their values by colour.
const ROOM = 22;

/** One row a line, the first on top, from 0 to 100 percent: as areas where there is room, else as heat. */
export function drawHeat(plot: uPlot, { style, parts, times }: Picture) {
  if (style !== "heat" || times.length === 0) return;
  const paint = colour("accent-line");
  const ground = colour("n-3");
  clipped(plot, (context, box) => {
    const height = box.height / Math.max(1, parts.length);
    const roomy = height >= ROOM * devicePixelRatio;
    const seam = roomy ? 4 * devicePixelRatio : height > 6 * devicePixelRatio ? devicePixelRatio : 0;
    const edges = times.map((time) => plot.valToPos(time, "x", true));
    const usual = Math.max(1, (edges.at(-1) ?? 0) - (edges.at(-2) ?? 0));
    parts.forEach(({ line }, row) => {
      const top = box.top + row * height;
      const tall = height - seam;
      for (let index = 0; index < times.length; index += 1) {
        const value = line.mean[index] ?? null;
        if (value === null) continue;
        const left = Math.floor(edges[index] ?? 0);
        const width = Math.ceil((edges[index + 1] ?? left + usual) - left);
        const share = Math.min(100, Math.max(0, value)) / 100;
        context.fillStyle = roomy ? ground : `color-mix(in oklab, ${paint} ${Math.round(share * 100)}%, ${ground})`;
        context.fillRect(left, top, width, tall);
        if (!roomy) continue;
        context.fillStyle = `color-mix(in oklab, ${paint} ${Math.round(45 + share * 40)}%, ${ground})`;
        context.fillRect(left, top + tall * (1 - share), width, tall * share);
      }
    });
  });
}
