"""Where `wk` begins, and the only place that turns an error into an exit status."""

from __future__ import annotations

import os
import sys

import click

from watchkeeper import __version__
from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.cli.command import VerbGroup

VERBS = (
    "up",
    "down",
    "status",
    "hosts",
    "top",
    "query",
    "events",
    "metrics",
    "hub",
    "agent",
    "doctor",
    "login",
    "tokens",
    "config",
    "completion",
)
EPILOG = "Exit status: 0 done · 1 failed · 2 wrong use · 3 hub unreachable · 4 not found · 5 not allowed · 6 conflict."
INTERRUPTED = 130


@click.group(
    cls=VerbGroup,
    package="watchkeeper.cli",
    verbs=VERBS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=(
        ("wk up", "start a hub and an agent for this machine"),
        ("wk top", "watch all hosts, live"),
        ("wk query cpu.percent --from -6h", "a chart of the last six hours"),
    ),
)
@click.version_option(__version__, "-V", "--version", message="watchkeeper %(version)s")
def wk() -> None:
    """Keeps watch over every machine you own."""


def main() -> None:
    """Run `wk` and exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; gives the exit status and prints what went wrong to standard error."""
    try:
        status = wk.main(arguments, prog_name="wk", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _tell(f"wk: {error.format_message()}", _usage_hint(error), error.exit_code)
    except click.exceptions.Abort:
        return _tell("wk: interrupted", "", INTERRUPTED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (wk … | head): not an error, and nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except WatchkeeperError as error:
        return _tell(f"wk: {error.message}", error.hint, error.exit_code)
    return status if isinstance(status, int) else 0


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help tells how it is used" if context else ""


def _tell(what: str, hint: str, status: int) -> int:
    print(what, file=sys.stderr)
    if hint:
        print(f"    {hint}", file=sys.stderr)
    return status
