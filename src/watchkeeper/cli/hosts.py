"""`wk hosts`: the machines under watch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.base.errors import UsageError
from watchkeeper.cli import figures, output
from watchkeeper.cli.command import Group
from watchkeeper.cli.connection import complete_hosts, speaks_to_hub

if TYPE_CHECKING:
    from watchkeeper.client.hub import Hub
    from watchkeeper.client.model import Host

host_argument = click.argument("name", metavar="HOST", shell_complete=complete_hosts)


@click.group(
    "hosts",
    cls=Group,
    examples=(("wk hosts list", "all hosts"), ("wk hosts add db-1 --tag role=db", "a token for a new machine's agent")),
)
def command() -> None:
    """List, show, add, rename and remove hosts."""


@command.command(
    "list",
    examples=(
        ("wk hosts list", "all hosts"),
        ("wk hosts list --tag role=db --json", "those with a tag, for a program"),
    ),
)
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Only hosts with this tag; may be repeated.")
@click.option("--text", default="", metavar="TEXT", help="Only hosts with TEXT in their name.")
@output.json_option
@speaks_to_hub
def list_hosts(hub: Hub, tags: tuple[str, ...], text: str, as_json: bool) -> None:
    """List the hosts with their newest figures."""
    hosts = hub.hosts(tags, text)
    if as_json:
        output.print_json({"hosts": hosts})
    elif hosts:
        output.print_table(COLUMNS, [row(host, time.time()) for host in hosts])
    else:
        print("No hosts yet. wk hosts add NAME makes a token for a machine's agent.")


COLUMNS = ("NAME", "STATUS", ">CPU", ">MEMORY", ">DISK", ">LOAD", ">RECEIVE", ">SEND", ">LAST REPORT", "TAGS")


def row(host: Host, now: float) -> list[Any]:
    """A host as the cells of COLUMNS."""
    newest = host.now
    cells = (
        ("cpu", "%"),
        ("memory", "%"),
        ("disk", "%"),
        ("load", ""),
        ("receive", "B/s"),
        ("send", "B/s"),
    )
    figures_now = [figures.figure(getattr(newest, name) if newest else None, unit) for name, unit in cells]
    tags = " ".join(f"{key}={value}" for key, value in sorted(host.tags.items()))
    return [host.name, output.status_text(host.status), *figures_now, figures.ago(host.last_report, now), tags]


@command.command("show", examples=(("wk hosts show web-1", "what is known of it"),))
@host_argument
@output.json_option
@speaks_to_hub
def show(hub: Hub, name: str, as_json: bool) -> None:
    """Show one host: facts, figures, collectors, processes."""
    host = hub.host(name)
    collectors, processes = hub.collectors(host.id), hub.processes(host.id)
    if as_json:
        output.print_json({"host": host, "collectors": collectors, "processes": processes})
        return
    output.print_facts(facts(host, time.time()))
    troubled = [collector for collector in collectors if collector.state == "failing"]
    if troubled:
        print()
        output.print_table(
            ("COLLECTOR", "STATE", "REASON"), [(item.name, item.state, item.reason) for item in troubled]
        )
    if processes.by_cpu:
        print()
        rows = [
            (item.pid, item.name, item.user, figures.figure(item.cpu, "%"), figures.figure(item.memory, "B"))
            for item in processes.by_cpu[:5]
        ]
        output.print_table((">PID", "PROCESS", "USER", ">CPU", ">MEMORY"), rows)


def facts(host: Host, now: float) -> list[tuple[str, Any]]:
    """A host as pairs of name and value."""
    newest, spool, known = host.now, host.spool, host.facts or {}
    pairs: list[tuple[str, Any]] = [("name", host.name), ("id", host.id), ("status", output.status_text(host.status))]
    if host.reason:
        pairs.append(("reason", host.reason))
    pairs.append(("last report", figures.ago(host.last_report, now)))
    for name in ("os", "kernel", "arch", "cpu", "cores"):
        if known.get(name):
            pairs.append((name, known[name]))
    if newest:
        pairs.append(("cpu busy", figures.figure(newest.cpu, "%")))
        pairs.append(("memory used", figures.figure(newest.memory, "%")))
        pairs.append((f"disk used ({newest.disk_mount or '/'})", figures.figure(newest.disk, "%")))
        pairs.append(("load", figures.figure(newest.load)))
        pairs.append(("up for", figures.duration(newest.uptime)))
    if spool and spool.batches:
        size, age = figures.figure(spool.size, "B"), figures.duration(spool.age)
        pairs.append(("waiting there", f"{size} in {spool.batches:.0f} batches, the oldest {age}"))
    if host.skew is not None and abs(host.skew) > 1:
        pairs.append(("clock", f"{host.skew:+.1f} s against the hub's"))
    if host.agent and host.agent.version:
        pairs.append(("agent", f"{host.agent.version} on Python {host.agent.python or figures.UNKNOWN}"))
    pairs.extend((f"tag {key}", value) for key, value in sorted(host.tags.items()))
    return pairs


@command.command("add", examples=(("wk hosts add db-1 --tag role=db", "prints the token for its agent"),))
@click.argument("name", metavar="NAME")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag; may be repeated.")
@output.json_option
@speaks_to_hub
def add(hub: Hub, name: str, tags: tuple[str, ...], as_json: bool) -> None:
    """Make a host known and print the token for its agent."""
    added = hub.add_host(name, tag_table(tags))
    if as_json:
        output.print_json(added)
        return
    print(f"{added.host.name} is known now. Its agent's token, shown this once:\n\n    {added.token}\n")
    print("On that machine, with Python 3.9 or later and the file wk-agent.pyz (make agent builds it):\n")
    print(f"    WK_AGENT_HUB={hub.url} WK_AGENT_TOKEN={added.token} python3 wk-agent.pyz run")


@command.command("rename", examples=(("wk hosts rename web-1 web-old", "its data stays with it"),))
@host_argument
@click.argument("new", metavar="NEW-NAME")
@output.json_option
@speaks_to_hub
def rename(hub: Hub, name: str, new: str, as_json: bool) -> None:
    """Give a host another name."""
    changed = hub.change_host(hub.host(name).id, {"name": new})
    if as_json:
        output.print_json(changed)
    else:
        print(f"{name} is now {changed.name}.")


@command.command("remove", examples=(("wk hosts remove web-old", "asks for the name to be typed again"),))
@host_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@speaks_to_hub
def remove(hub: Hub, name: str, yes: bool) -> None:
    """Remove a host and all its data, for good."""
    host = hub.host(name)
    if not yes:
        typed = click.prompt(f"This removes {host.name} and all its data. Type its name to go on", err=True)
        if typed != host.name:
            raise UsageError(f"{typed!r} is not {host.name!r}", "nothing was removed")
    hub.remove_host(host.id, host.name)
    print(f"{host.name} is removed.")


def tag_table(tags: tuple[str, ...]) -> dict[str, str]:
    """`key=value` texts as a table."""
    table = {}
    for tag in tags:
        key, equals, value = tag.partition("=")
        if not (key and equals):
            raise UsageError(f"{tag!r} is not a tag", "write it as key=value")
        table[key] = value
    return table
