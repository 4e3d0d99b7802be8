import { api } from "../api/client";
import type { Metric } from "../api/types";

let asked: Promise<ReadonlyMap<string, Metric>> | null = null;

/**
 * The metrics that agents report by themselves, by name; asked once a visit, again after a failure.
 * The hub lists people's own metrics, too; those it cannot explain.
 */
export function catalogue(): Promise<ReadonlyMap<string, Metric>> {
  asked ??= api.get<{ metrics: Metric[] }>("/metrics").then(
    ({ metrics }) => new Map(metrics.filter(({ help }) => help !== "").map((one) => [one.name, one])),
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}
