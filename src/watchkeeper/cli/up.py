"""`wk up`: a hub and an agent for this machine, in the background."""

from __future__ import annotations

import time

import click

from watchkeeper.cli import background, connection, local, local_agent, output, starting
from watchkeeper.cli.command import verb

# An agent that ran before may take so many intervals to be heard.
LATE = 3


@verb(
    "up",
    (
        ("wk up", "start what is not running and wait for the first report"),
        ("WK_HUB_LISTEN=127.0.0.1:9000 wk up", "on another port"),
    ),
)
@local.config_option
@click.option("--no-agent", is_flag=True, help="Start the hub alone.")
@output.json_option
def command(config: str, no_agent: bool, as_json: bool) -> None:
    """Start a hub and an agent for this machine.

    Waits for the first report, and prints the address and the first password. What runs already is left alone.
    """
    settings = local.load(config)
    newest = time.time()
    with output.progress("Starting the hub") as tell:
        starting.start_hub(settings)
        target = connection.find(_url())
        if not no_agent:
            if local_agent.status(settings)["pid"]:
                newest -= LATE * settings.number("agent.interval")
            else:
                local_agent.start(settings)
            tell("Waiting for the first report of this machine")
            if local.reports_here(settings, target.url):
                with connection.open_hub(target) as hub:
                    starting.wait_for_report(hub, settings, newest)
    password = local.first_login(settings)
    if as_json:
        output.print_json({"url": target.url, "password": password or None})
    else:
        _tell(target.url, password)


def _url() -> str:
    running = background.hub().running()
    return running.facts["url"] if running else connection.DEFAULT_URL


def _tell(url: str, password: str) -> None:
    print(f"Watchkeeper is up: {url}")
    if password:
        print(f"\n    name      admin\n    password  {password}\n")
        print("This first password is told until somebody signs in with it.")
    else:
        print("Sign in as admin. A forgotten password: wk down, wk hub password, wk up.")
