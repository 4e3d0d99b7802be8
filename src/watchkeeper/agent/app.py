"""The agent as a whole: settings, spool, sampler and sender wired together, from start to clean end."""

from __future__ import annotations

import gc
import os
import threading
import zlib
from signal import SIGINT, SIGTERM, signal

from watchkeeper import __version__
from watchkeeper.agent import facts as machine_facts
from watchkeeper.agent.board import Board
from watchkeeper.agent.collectors import COLLECTORS, SPECIAL
from watchkeeper.agent.collectors.itself import Itself
from watchkeeper.agent.collectors.processes import Processes
from watchkeeper.agent.crew import Crew
from watchkeeper.agent.home import Home, folder
from watchkeeper.agent.journal import Journal
from watchkeeper.agent.machine import Machine
from watchkeeper.agent.pages import Pages
from watchkeeper.agent.sampler import Sampler
from watchkeeper.base.clock import Clock
from watchkeeper.base.errors import SettingsError
from watchkeeper.base.log import Log
from watchkeeper.base.nearest import nearest
from watchkeeper.uplink.sender import Sender
from watchkeeper.uplink.spool import Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.base.settings import Settings

_log = Log("watchkeeper.agent")

# Seconds that an end may take in all, of which the sender gets most.
_SENDER_SECONDS = 3.5
_STACK_BYTES = 256 << 10
# `signal` itself would make enumerations of all signals, and bring `enum` for that.
_ENDINGS: dict[int, str] = {SIGTERM: "SIGTERM", SIGINT: "SIGINT"}


class Agent:
    """One agent in its folder. `run` returns when `stop` was set or a signal came."""

    def __init__(self, settings: Settings, machine: Machine | None = None, clock: Clock | None = None) -> None:
        self._settings = settings
        self._machine = machine or Machine()
        self._clock = clock or Clock()
        self.stop = threading.Event()
        self.home = Home(folder(settings))
        self._reason = "asked to"
        self._board = Board()
        self._crew = Crew(self._board)
        self._started = self._clock.wall()
        self._sender: Sender | None = None
        self._trouble = ""
        self._pages = Pages(self._clock.monotonic())

    def run(self) -> None:
        """Sample, keep and send until stopped. Raises SettingsError, ConflictError or StorageError at the start."""
        settings = self._settings
        token = self._token()
        threading.stack_size(_STACK_BYTES)
        self.home.take()
        try:
            quota, keep = settings.number("agent.spool.quota_mb"), settings.number("agent.spool.keep_hours")
            self._spool = Spool(self.home.spool, int(quota) << 20, keep * 3600.0, clock=self._clock)
            try:
                self._run(token)
            finally:
                self._spool.close()
        finally:
            self.home.leave()

    def _run(self, token: str) -> None:
        boot = machine_facts.boot_id(self._machine)
        journal = Journal(self._spool, self._clock)
        journal.event("agent.started", version=__version__, pid=os.getpid(), **self._beginning(boot))
        self.home.note_run(boot, clean=False)
        sampler = self._sampler(journal, boot)
        if token:
            self._sender = Sender(
                self._spool,
                self._settings.text("agent.hub"),
                token,
                self._settings.text("agent.ca"),
                clock=self._clock,
                on_schemas=sampler.repeat_schemas,
                hint=sampler.hint,
                extras=sampler.extras,
            )
            self._sender.start()
        else:
            self._trouble = "there is no token: set agent.token or agent.token_file; reports are kept until then"
            _log.warning(self._trouble)
        self._settle()
        try:
            sampler.run(self.stop, self._after_tick)
        finally:
            journal.event("agent.stopped", reason=self._reason)
            self._end(boot)

    def _sampler(self, journal: Journal, boot: str) -> Sampler:
        settings, machine = self._settings, self._machine
        interval = settings.number("agent.interval")
        tags = settings.table("agent.tags")
        processes = self._enlist(interval)
        return Sampler(
            self._spool,
            journal,
            self._crew,
            self._board,
            interval=interval,
            boot=zlib.crc32(boot.encode()),
            clock=self._clock,
            facts=lambda: machine_facts.facts(machine, interval, tags),
            table=processes,
            watched=lambda: self._sender is not None and self._sender.watched,
        )

    def _enlist(self, interval: float) -> Processes | None:
        """Add all collectors that are not switched off to the crew."""
        settings, machine = self._settings, self._machine
        wanted = _chosen(settings)
        processes = None
        for name, make in COLLECTORS.items():
            if not wanted.get(name, True):
                self._crew.add_disabled(name)
                continue
            collect = make(machine)
            if isinstance(collect, Processes):
                processes, collect.sparing = collect, True
            self._crew.add(name, collect)
        self._crew.add("agent", Itself(machine, self._spool_samples))
        textfiles, scripts = settings.text("agent.custom.textfiles"), settings.text("agent.custom.scripts")
        if textfiles and wanted.get("textfiles", True):
            from watchkeeper.agent.collectors.textfiles import Textfiles

            self._crew.add("textfiles", Textfiles(textfiles))
        if scripts and wanted.get("scripts", True):
            from watchkeeper.agent.collectors.scripts import Scripts

            self._crew.add("scripts", Scripts(scripts, settings.number("agent.custom.timeout"), interval))
        return processes

    def _token(self) -> str:
        """The token from the settings, their file, or the file `token` in the agent's folder; "" without any."""
        token, path = self._settings.text("agent.token"), self._settings.text("agent.token_file")
        if token:
            return token
        try:
            with open(path or os.path.join(self.home.path, "token"), encoding="ascii") as file:
                return file.read().strip()
        except (OSError, ValueError) as error:
            if path:
                raise SettingsError(
                    f"agent.token_file {path}: cannot be read: {error}", "name a file that can"
                ) from None
            return ""

    def _beginning(self, boot: str) -> dict[str, object]:
        """Why there is a start: what the last run left behind tells."""
        last = self.home.last_run()
        if not last:
            return {"reason": "first start"}
        if last.get("boot") != boot:
            return {"reason": "after reboot", "ended_cleanly": bool(last.get("clean"))}
        return {"reason": "clean start" if last.get("clean") else "after crash"}

    def _settle(self) -> None:
        """What is there now stays: the collector of garbage need not look at it again and again."""
        for number in _ENDINGS:
            if threading.current_thread() is threading.main_thread():
                signal(number, self._on_signal)
        gc.collect()
        gc.freeze()

    def _on_signal(self, number: int, _: object) -> None:
        self._reason = _ENDINGS[number]
        self.stop.set()

    def _spool_samples(self) -> dict[str, float]:
        stats = self._spool.stats()
        lanes = stats["lanes"]
        assert isinstance(lanes, dict)
        oldest = stats["oldest"]
        samples = {
            # A lane's files hold receipted batches as well; one that waits for nothing counts as empty.
            "agent.spool.size": float(sum(lane["bytes"] for lane in lanes.values() if lane["batches"])),
            "agent.spool.batches": float(stats["batches"]),  # type: ignore[arg-type]
            "agent.spool.age": max(0.0, self._clock.wall() - oldest) if isinstance(oldest, (int, float)) else 0.0,
        }
        disk = os.statvfs(self.home.path)
        samples["agent.disk.free"] = float(disk.f_bavail * disk.f_frsize)
        return samples

    def _after_tick(self) -> None:
        if self._sender is not None:
            self._sender.wake()
        else:
            self._spool.sync()
        self.home.write_status(self._status())
        self._pages.let_go_when_due(self._clock.monotonic())

    def _status(self) -> dict[str, object]:
        return {
            "pid": os.getpid(),
            "version": __version__,
            "since": self._started,
            "time": self._clock.wall(),
            "hub": self._settings.text("agent.hub"),
            "interval": self._settings.number("agent.interval"),
            "sender": self._sender.status() if self._sender else {"connected": False, "error": self._trouble},
            "spool": self._spool.stats(),
            "collectors": self._board.rows(),
        }

    def _end(self, boot: str) -> None:
        """Last words: what was sampled is safe on disk, and on its way if the hub listens."""
        self._crew.end()
        self._spool.sync()
        if self._sender is not None:
            self._sender.wake()
            self._sender.stop(_SENDER_SECONDS)
        self.home.write_status({**self._status(), "ended": self._clock.wall(), "reason": self._reason})
        self.home.note_run(boot, clean=True)


def _chosen(settings: Settings) -> dict[str, object]:
    """The collectors that the settings switch off or on. Raises SettingsError for one that does not exist."""
    chosen = settings.table("agent.collectors")
    known = (*COLLECTORS, *SPECIAL)
    for name in chosen:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else "one of: " + ", ".join(known)
            raise SettingsError(f"agent.collectors: there is no collector {name!r}", hint)
    return chosen
