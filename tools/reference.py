"""Writes the tables of docs/configuration.md and docs/metrics.md from the code that they describe.

python tools/reference.py            # write them
python tools/reference.py --check    # exit status 1 if they are not as the code says
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))
from watchkeeper.base.options import OPTIONS, Option
from watchkeeper.wire.catalogue import METRICS

BEGIN, END = "<!-- written by make reference: begin -->", "<!-- end -->"
KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", list: "list", dict: "table"}


def options() -> str:
    """Every setting, a table a section."""
    sections: dict[str, list[Option]] = {}
    for option in OPTIONS:
        sections.setdefault(option.name.rpartition(".")[0], []).append(option)
    return "\n".join(_section(name, found) for name, found in sections.items())


def _section(name: str, found: list[Option]) -> str:
    rows = [f"### `[{name}]`\n", "| setting | kind | default | means | variable |", "|---|---|---|---|---|"]
    for option in found:
        variable = "–" if option.kind is dict else f"`{option.variable}`"
        means = option.help + _limits(option)
        rows.append(f"| `{option.name}` | {KINDS[option.kind]} | {_written(option.default)} | {means} | {variable} |")
    return "\n".join(rows) + "\n"


def _limits(option: Option) -> str:
    if option.choices:
        return f" ({', '.join(choice for choice in option.choices if choice)})"
    if option.minimum is not None and option.maximum is not None:
        return f" ({option.minimum:g} to {option.maximum:g})"
    return f" (at least {option.minimum:g})" if option.minimum is not None else ""


def _written(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`" if value else "–"


def metrics() -> str:
    """Every metric, a table a subject."""
    rows: list[str] = []
    subject = ""
    for metric in METRICS:
        if metric.name.partition(".")[0] != subject:
            subject = metric.name.partition(".")[0]
            rows += [f"\n### {subject}\n" if rows else f"### {subject}\n"]
            rows += ["| metric | unit | labels | means |", "|---|---|---|---|"]
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        rows.append(f"| `{metric.name}` | {metric.unit or '–'} | {labels or '–'} | {metric.help} |")
    return "\n".join(rows) + "\n"


PAGES: dict[str, Callable[[], str]] = {"docs/configuration.md": options, "docs/metrics.md": metrics}


def main() -> None:
    stale = []
    for name, table in PAGES.items():
        page = ROOT / name
        before = page.read_text(encoding="utf-8")
        head, rest = before.split(BEGIN, 1)
        after = f"{head}{BEGIN}\n{table()}{END}{rest.split(END, 1)[1]}"
        if after != before:
            stale.append(name)
            if "--check" not in sys.argv:
                page.write_text(after, encoding="utf-8")
    if stale:
        print(f"{'stale' if '--check' in sys.argv else 'written'}: {', '.join(stale)}")
    sys.exit(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    main()
