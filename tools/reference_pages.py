"""Writes the pages that list every metric and every setting from the tables in the code.

python tools/reference_pages.py            # docs/metrics.md and docs/configuration.md
"""

from __future__ import annotations

from pathlib import Path

from watchkeeper.base.options import OPTIONS, Option
from watchkeeper.wire.catalogue import METRICS

DOCS = Path(__file__).parents[1] / "docs"

METRICS_HEAD = """\
# Metrics

What the agent's own collectors report. Made from `src/watchkeeper/wire/catalogue.py` by `tools/reference_pages.py`; do
not edit it here. Your own metrics: [howto/custom-metrics.md](howto/custom-metrics.md).

A series is a metric with its labels, `disk.percent{mount=/home}`. A value that is not known, such as the first reading
of a rate, a sensor that sleeps or a counter that was reset, is empty, never zero. Rates are means since the report
before. `B` are bytes.

Inside a container with limits, `memory.*` shows the container's limit and use, and `cpu.quota.percent` how much of its
processor time it takes. Pseudo file systems, images, loop and RAM devices, partitions, the loopback interface and the
ends of container interfaces are left out. A device or interface appears with the first operation or byte that it moves.

| metric | unit | labels | meaning |
|---|---|---|---|
"""

SETTINGS_HEAD = """\
# Configuration

One TOML file or none configures hub and agent; each reads its own section. Made from `src/watchkeeper/base/options.py`
by `tools/reference_pages.py`; do not edit it here.

The file is named by `--config` or by `WK_CONFIG`. Above the file stand environment variables, above those the flags of
a command. A variable is `WK_` and the name in capitals with underscores; lists and tables are written with commas:
`WK_AGENT_TAGS=role=web,site=home`. A key that does not exist is refused, and the nearest right one named. Dates are no
settings; any other TOML 1.0 is read.

```toml
[agent]
hub = "https://hub.example.org:8787"
token_file = "/etc/watchkeeper/token"
ca = "/etc/watchkeeper/hub.pem"

[agent.tags]
role = "web"

[agent.collectors]
gpu = false
```

Five lines are enough for a machine that reports to a hub elsewhere. The words of earlier systems are read as well:
`master`, `aggregator` and `dashboard` for `hub`, `satellite` for `agent`, `queue` for `relay`, both in `mode.type` and
as names of sections.

Without `agent.data` the agent keeps its spool in `/var/lib/watchkeeper/agent` when it runs as root, else in
`$XDG_STATE_HOME/watchkeeper/agent` (`~/.local/state/watchkeeper/agent`). Without a token in the settings it looks for a
file `token` there.

| setting | variable | default | meaning |
|---|---|---|---|
"""


def metrics_page() -> str:
    """docs/metrics.md."""
    rows = []
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        rows.append(f"| `{metric.name}` | {metric.unit} | {labels} | {metric.help} |\n")
    return METRICS_HEAD + "".join(rows)


def configuration_page() -> str:
    """docs/configuration.md."""
    rows = []
    for option in OPTIONS:
        default = f"`{_shown(option.default)}`" if option.default not in ("", {}) else ""
        rows.append(f"| `{option.name}` | `{option.variable}` | {default} | {option.help}{_limits(option)} |\n")
    return SETTINGS_HEAD + "".join(rows)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limits(option: Option) -> str:
    if option.choices:
        return "; one of " + ", ".join(f"`{choice}`" for choice in option.choices if choice)
    if option.minimum is not None and option.maximum is not None:
        return f"; {option.minimum:g} to {option.maximum:g}"
    return "" if option.minimum is None else f"; at least {option.minimum:g}"


def main() -> None:
    (DOCS / "metrics.md").write_text(metrics_page(), encoding="utf-8")
    (DOCS / "configuration.md").write_text(configuration_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
