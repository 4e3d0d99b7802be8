import { expect, it } from "vitest";
import type { Host, Status } from "../api/types";
import { counts, matches, merged, sorted, sum, totals, words } from "./hosts";

function host(name: string, more: Partial<Host> = {}): Host {
  return {
    id: name, name, tags: {}, status: "online" as Status, reason: "", since: null, last_seen: null, last_report: null,
    skew: null, now: null, interval: 5, created: 0, ...more,
  };
}

const names = (hosts: Host[]) => hosts.map(({ name }) => name);

it("finds hosts by name, tag, status and system, every word of them", () => {
  const web = host("web-1", { tags: { role: "web", site: "attic" }, status: "late", facts: { os: "Debian GNU/Linux 12" } });
  for (const filter of ["", "web", "WEB-1", "role=web", "role=w", "late", "debian", "attic late", "site=attic web"])
    expect(matches(web, words(filter)), filter).toBe(true);
  for (const filter of ["db", "role=db", "online", "attic online", "nothing=web"]) expect(matches(web, words(filter)), filter).toBe(false);
});

it("orders names as people count", () => {
  expect(names(sorted([host("web-10"), host("web-2"), host("web-1")], { key: "name", down: false }))).toEqual(["web-1", "web-2", "web-10"]);
});

it("puts what is unknown last, whichever way", () => {
  const hosts = [host("a"), host("b", { now: { cpu: 5 } }), host("c", { now: { cpu: 50 } })];
  expect(names(sorted(hosts, { key: "cpu", down: true }))).toEqual(["c", "b", "a"]);
  expect(names(sorted(hosts, { key: "cpu", down: false }))).toEqual(["b", "c", "a"]);
});

it("puts trouble first when ordered by status", () => {
  const hosts = [host("a"), host("b", { status: "offline" }), host("c", { status: "late" })];
  expect(names(sorted(hosts, { key: "status", down: false }))).toEqual(["b", "c", "a"]);
});

it("changes only the hosts that a delta names", () => {
  const before = new Map(["a", "b"].map((name) => [name, host(name)]));
  const after = merged(before, [{ id: "b", status: "late" }, { id: "unheard", status: "late" }]);
  expect(after.get("a")).toBe(before.get("a"));
  expect(after.get("b")?.status).toBe("late");
  expect(after.size).toBe(2);
  expect(counts(after.values())).toEqual({ online: 1, late: 1, offline: 0, never: 0 });
});

it("leaves hosts that are silent or offline out of means and sums", () => {
  const hosts = [
    host("a", { now: { cpu: 10, receive: 5 } }),
    host("b", { now: { cpu: 30 } }),
    host("c"),
    host("d", { status: "offline", now: { cpu: 90, receive: 7 } }),
  ];
  expect(totals(hosts, "cpu").mean).toBe(20);
  expect(totals(hosts, "cpu").highest?.host.name).toBe("b");
  expect(totals([], "cpu").mean).toBeNull();
  expect(sum(hosts, "receive")).toBe(5);
  expect(sum([], "send")).toBeNull();
});
