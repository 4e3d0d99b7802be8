import { expect, it } from "vitest";
import type { SeriesInfo } from "../api/types";
import { generic, ordered, present, SECTIONS } from "./subjects";

const series = (metric: string, labels: Record<string, string> = {}): SeriesInfo => ({ name: metric, metric, labels, unit: "", kind: "gauge" });
const subject = (id: string) => {
  const found = SECTIONS.flatMap(({ subjects }) => subjects).find((one) => one.id === id);
  if (!found) throw new Error(`no subject ${id}`);
  return found;
};

it("shows only charts that the host has something for", () => {
  const sections = present(new Set(["cpu.core.percent", "load.1", "load.5", "swap.total"]));
  expect(sections.map(({ id }) => id)).toEqual(["processor"]);
  expect(sections[0]?.subjects.map(({ id, metrics }) => [id, metrics])).toEqual([
    ["cores", ["cpu.core.percent"]],
    ["load", ["load.1", "load.5"]],
  ]);
});

it("draws the processor as one line where its modes are not known", () => {
  const chart = present(new Set(["cpu.percent"]))[0]?.subjects[0];
  expect(chart).toMatchObject({ id: "cpu", style: "lines", metrics: ["cpu.percent"] });
  expect(chart?.whole).toBeUndefined();
});

it("stacks modes in their order, without idle, and keeps the whole apart", () => {
  const all = [series("cpu.percent"), ...["system", "idle", "user", "strange"].map((mode) => series("cpu.mode.percent", { mode }))];
  const { whole, parts } = ordered(subject("cpu"), all.map((info) => ({ info })));
  expect(whole?.info.metric).toBe("cpu.percent");
  expect(parts.map(({ info }) => info.labels["mode"])).toEqual(["user", "system", "strange"]);
});

it("orders cores as people count", () => {
  const all = ["10", "2", "0"].map((core) => ({ info: series("cpu.core.percent", { core }) }));
  expect(ordered(subject("cores"), all).parts.map(({ info }) => info.labels["core"])).toEqual(["0", "2", "10"]);
});

it("draws a metric that it has never heard of", () => {
  const infos = [series("queue.length", { queue: "mail", site: "attic" }), series("queue.length")];
  const chart = generic("queue.length", infos);
  expect(infos.map(chart.name)).toEqual(["queue=mail site=attic", "queue.length"]);
});

it("names a line alike wherever it is drawn, so that it has one colour", () => {
  const info = series("load.1");
  expect(generic("load.1", [info]).name(info)).toBe(subject("load").name(info));
});

it("names each chart once", () => {
  const ids = SECTIONS.flatMap(({ subjects }) => subjects.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});
