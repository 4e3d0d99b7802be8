/** Tags as people type them: `role=db site=attic spare`. */
import type { Labels } from "../api/types";

export function parseTags(text: string): Labels {
  const tags: Labels = {};
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const at = part.indexOf("=");
    if (at < 0) tags[part] = "";
    else if (at > 0) tags[part.slice(0, at)] = part.slice(at + 1);
  }
  return tags;
}

export function tagsText(tags: Labels): string {
  return Object.entries(tags)
    .map(([key, value]) => (value ? `${key}=${value}` : key))
    .join(" ");
}
