"""Every setting there is, in one table.

One TOML file configures all roles; a role reads its own section. A test checks that each option
stands in docs/configuration.md and is read somewhere.
"""

from __future__ import annotations


class Option:
    """One setting: its dotted name, type, default, meaning, and limits.

    `kind` is one of `str`, `int`, `float`, `bool`, `list` (of strings) and `dict` (a table whose
    values are all of the type `each`). `minimum` and `maximum` hold for numbers; `choices` for strings.
    The environment variable is `WK_` and the name in capitals with underscores; a role's
    section may not be left out (`agent.spool.quota_mb` is `WK_AGENT_SPOOL_QUOTA_MB`). Lists and
    tables are written there with commas: `WK_AGENT_TAGS=role=web,site=home`.
    """

    __slots__ = ("choices", "default", "each", "help", "kind", "maximum", "minimum", "name")

    def __init__(
        self,
        name: str,
        kind: type,
        default: object,
        help: str,
        minimum: float | None = None,
        maximum: float | None = None,
        choices: tuple[str, ...] = (),
        each: type = str,
    ) -> None:
        self.name = name
        self.kind = kind
        self.default = default
        self.help = help
        self.minimum = minimum
        self.maximum = maximum
        self.choices = choices
        self.each = each

    @property
    def variable(self) -> str:
        """The environment variable that overrides this option."""
        return "WK_" + self.name.upper().replace(".", "_")


_LEVELS = ("debug", "info", "warning", "error")

OPTIONS: tuple[Option, ...] = (
    Option("mode.type", str, "", "the role of this machine", choices=("hub", "agent", "relay", "")),
    Option("hub.listen", str, "127.0.0.1:8787", "address and port of the hub"),
    Option("hub.data", str, "", "folder of the hub's databases (empty: the user's data folder)"),
    Option("hub.tls_cert", str, "", "certificate file (PEM); needed for any address but loopback"),
    Option("hub.tls_key", str, "", "key file (PEM) of the certificate"),
    Option("hub.retention.raw_days", int, 30, "days that every sample is kept", minimum=1),
    Option("hub.retention.five_minute_days", int, 180, "days that 5-minute rollups are kept", minimum=1),
    Option("hub.retention.hour_days", int, 1825, "days that 1-hour rollups are kept", minimum=1),
    Option("hub.retention.event_days", int, 365, "days that events are kept", minimum=1),
    Option("hub.retention.process_days", int, 7, "days that process tables are kept", minimum=1),
    Option("hub.limits.series", int, 10_000, "series that one host may have", minimum=100),
    Option("hub.offline_after", float, 120.0, "seconds without a report until a host is offline", minimum=5),
    Option("agent.hub", str, "http://127.0.0.1:8787", "address of the hub"),
    Option("agent.token", str, "", "this agent's token (wka_…)"),
    Option("agent.token_file", str, "", "file that holds the token, instead of agent.token"),
    Option("agent.ca", str, "", "file with the certificate (PEM) that the hub's is checked against"),
    Option("agent.data", str, "", "folder of the spool and the agent's state (empty: the user's data folder)"),
    Option("agent.interval", float, 5.0, "seconds between two reports", minimum=1, maximum=3600),
    Option("agent.tags", dict, {}, 'tags of this host, such as role = "web"'),
    Option("agent.spool.quota_mb", int, 256, "most disk space that the spool may take, in MiB", minimum=1),
    Option("agent.spool.keep_hours", float, 48.0, "hours that receipted segments are kept", minimum=0),
    Option("agent.collectors", dict, {}, "collectors to switch off or on, such as processes = false", each=bool),
    Option("agent.custom.textfiles", str, "", "folder of *.prom files in Prometheus text format"),
    Option("agent.custom.scripts", str, "", "folder of executables that print Prometheus text format"),
    Option("agent.custom.timeout", float, 10.0, "seconds after which a script is killed", minimum=0.1, maximum=300),
    Option("log.level", str, "info", "least severe message that is logged", choices=_LEVELS),
)

BY_NAME: dict[str, Option] = {option.name: option for option in OPTIONS}

# Words of earlier systems that people bring along in their files.
OLD_ROLES = {"master": "hub", "aggregator": "hub", "dashboard": "hub", "satellite": "agent", "queue": "relay"}
