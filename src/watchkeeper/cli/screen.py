"""The full screen of `wk top`: a thread reads the live stream, this one draws and listens to the keys."""

from __future__ import annotations

import os
import queue
import select
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.console import Group as Lines
from rich.live import Live
from rich.text import Text

from watchkeeper.base.backoff import Backoff
from watchkeeper.base.errors import WatchkeeperError
from watchkeeper.cli import panels
from watchkeeper.client.hub import Hub
from watchkeeper.client.live import Fleet, LiveEvent
from watchkeeper.client.model import Host

FRAME = 0.25
KEYS = {"\x1b[A": "up", "\x1b[B": "down", "\x1b[5~": "page up", "\x1b[6~": "page down", "k": "up", "j": "down"}
FLEET_HELP = "q quit   n name   c cpu   m memory   d disk   l load   ↑↓ scroll"
HOST_HELP = "q quit"


class Feed(threading.Thread):
    """Reads the live stream into a queue, and connects again when it breaks. `trouble` says what is wrong now."""

    def __init__(self, hub: Hub, host_id: str) -> None:
        super().__init__(daemon=True)
        self.events: queue.Queue[LiveEvent] = queue.Queue()
        self.trouble = ""
        self._hub = hub
        self._host_id = host_id

    def run(self) -> None:
        backoff = Backoff(cap=10.0)
        while True:
            try:
                for event in self._hub.live(self._host_id):
                    self.trouble = ""
                    backoff.reset()
                    self.events.put(event)
            except WatchkeeperError as error:
                self.trouble = error.message
                if not error.retryable:
                    return
            time.sleep(backoff.next())

    def waiting(self) -> Iterator[LiveEvent]:
        """The events that came since the last call."""
        while True:
            try:
                yield self.events.get_nowait()
            except queue.Empty:
                return


class View:
    """What is shown: the fleet, or one host; and how it is sorted and scrolled."""

    def __init__(self, hub: Hub, host: Host | None) -> None:
        self.fleet = Fleet()
        self.one = panels.HostView(host, hub.processes(host.id)) if host else None
        self.sort = "n"
        self.offset = 0

    def take(self, event: LiveEvent) -> None:
        """Apply one event."""
        (self.one or self.fleet).take(event)

    def press(self, key: str, page: int) -> bool:
        """React to a key; false to quit."""
        if key in ("q", "\x1b", "\x03"):
            return False
        step = {"up": -1, "down": 1, "page up": -page, "page down": page}.get(KEYS.get(key, ""), 0)
        self.offset = max(0, min(self.offset + step, len(self.fleet.hosts) - 1))
        if key == "n" or key in panels.SORTS:
            self.sort, self.offset = key, 0
        return True

    def draw(self, width: int, height: int, trouble: str) -> RenderableType:
        """The whole screen."""
        now = time.time()
        body: RenderableType
        if self.one:
            body = panels.one_host(self.one, width=width, height=height - 1, now=now)
        else:
            hosts = list(self.fleet.hosts.values())
            body = panels.fleet(hosts, sort=self.sort, offset=self.offset, width=width, height=height - 1, now=now)
        help_line = HOST_HELP if self.one else FLEET_HELP
        foot = Text(trouble or help_line, style="red" if trouble else "bright_black", no_wrap=True, overflow="ellipsis")
        return Lines(body, foot)


def watch(hub: Hub, host: Host | None) -> None:
    """Draw until q is pressed."""
    feed = Feed(hub, host.id if host else "")
    view = View(hub, host)
    feed.start()
    console = Console(highlight=False, markup=False, emoji=False)
    with _keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as shown:
        while True:
            for event in feed.waiting():
                view.take(event)
            width, height = console.size
            shown.update(view.draw(width, height, feed.trouble), refresh=True)
            key = pressed(FRAME)
            if key and not view.press(key, height - 3):
                return


@contextmanager
def _keys() -> Iterator[Pressed]:
    """Hand out single keys, without echo, until the block ends."""
    fd = sys.stdin.fileno()
    if not os.isatty(fd):
        yield Pressed(-1)
        return
    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield Pressed(fd)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


class Pressed:
    """Waits for a key of the terminal `fd`; -1 is a terminal without keys."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __call__(self, seconds: float) -> str:
        """The key pressed within `seconds`, "" if none was; an arrow key comes as its whole sequence."""
        ready, _, _ = select.select([self._fd] if self._fd >= 0 else [], [], [], seconds)
        return os.read(self._fd, 16).decode(errors="replace") if ready else ""
