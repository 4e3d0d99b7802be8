import { expect, it } from "vitest";
import { parseTags, tagsText } from "./tags";

it("reads tags as people type them and writes them back", () => {
  const tags = { role: "db", site: "attic", spare: "" };
  expect(parseTags(" role=db, site=attic  spare =nothing")).toEqual(tags);
  expect(parseTags(tagsText(tags))).toEqual(tags);
});
