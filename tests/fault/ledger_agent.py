"""An agent whose collector is a ledger: the real spool and the real sender in a process of its own.

`python -m tests.fault.ledger_agent CONFIG` runs until SIGTERM. CONFIG is the JSON of `Plan`; the file that
`Plan.control` names is read again whenever it changes; `Plan.status` tells how things stand.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from tests.fault.futures import live_twice, wait_for
from tests.fault.ledger import HOLDER_SPACE, LANE_OF, Ledger, checksum
from tests.fault.stored import EVENT_TYPE, SERIES, SNAPSHOT_KIND
from watchkeeper.base.clock import Clock
from watchkeeper.base.files import Files, write_atomically
from watchkeeper.uplink.sender import Sender
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire.frames import METRICS
from watchkeeper.wire.records import EVENT, SCHEMA, SNAPSHOT, pack, pack_json, pack_report, pack_schema

SCHEMA_NUMBER, SCHEMA_PAYLOAD = pack_schema(SERIES)


class Control(msgspec.Struct, kw_only=True):
    """What a scenario changes while the agent runs.

    `refuse` is the error (EROFS, ENOSPC) that every write gets; with `sync` each batch is synced and noted so.
    When `rewinds` rises, the agent lives on for a while and is then set back to where it was.
    """

    collect: bool = True
    send: bool = True
    wall_offset: float = 0.0
    refuse: str = ""
    sync: bool = False
    rewinds: int = 0


class Plan(msgspec.Struct, kw_only=True):
    """How one ledger agent behaves. Times in seconds; `haste` makes its waits that much shorter."""

    spool: str
    ledger: str
    control: str
    status: str
    url: str
    token: str
    seed: int
    holder: int = 0
    pause: float = 0.01
    most_reports: int = 5
    events: float = 0.15
    snapshots: float = 0.02
    garbage: float = 0.0
    first_time: float = 0.0
    step: float = 5.0
    haste: float = 20.0
    timeout: float = 5.0
    post_bytes: int = 4096
    quota_bytes: int = 64 << 20
    keep_seconds: float = 3600.0
    segment_bytes: int = 64 << 10


class Status(msgspec.Struct, kw_only=True):
    """How a ledger agent stands: how many records it has collected in all its lives, and what spool and sender say.

    `told` counts its words.
    """

    pid: int
    told: int
    last: int
    collecting: bool
    batches: int
    spool: dict[str, object]
    sender: dict[str, object]


class HastyClock(Clock):
    """A clock for which time passes `haste` times as fast, and whose date a scenario may set."""

    def __init__(self, haste: float) -> None:
        self._haste = haste
        self.offset = 0.0

    def wall(self) -> float:
        return time.time() + self.offset

    def monotonic(self) -> float:
        return time.monotonic() * self._haste

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds / self._haste)


class SwitchedFiles(Files):
    """The real file system, which a scenario can turn read-only or full under open files."""

    error = 0

    def _refuse(self) -> None:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self._refuse()
        return super().open(path, flags, mode)

    def write(self, fd: int, data: bytes) -> None:
        self._refuse()
        super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._refuse()
        super().sync(fd)

    def truncate(self, fd: int, length: int) -> None:
        self._refuse()
        super().truncate(fd, length)

    def rename(self, source: str, target: str) -> None:
        self._refuse()
        super().rename(source, target)

    def unlink(self, path: str) -> None:
        if self.error == errno.EROFS:
            self._refuse()
        super().unlink(path)


class LedgerAgent:
    """Collects, notes, appends; the sender does the rest."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = random.Random(plan.seed)
        self.clock = HastyClock(plan.haste)
        self.files = SwitchedFiles()
        self.ledger = Ledger(Path(plan.ledger), plan.holder)
        self.spool = Spool(
            plan.spool,
            quota_bytes=plan.quota_bytes,
            keep_seconds=plan.keep_seconds * plan.haste,
            clock=self.clock,
            files=self.files,
            segment_bytes=plan.segment_bytes,
        )
        self.control = Control()
        self.sender = self._new_sender()
        self.sending = False
        self.stopping = threading.Event()
        self.newest: bytes | None = None
        self.schema_sent = False
        self.told = 0
        self.rewound: int | None = None
        self._control_seen = (0, 0)

    def _new_sender(self) -> Sender:
        return Sender(
            self.spool,
            self.plan.url,
            self.plan.token,
            clock=self.clock,
            on_schemas=lambda _numbers: self.append_schema(),
            hint=lambda: self.newest,
            timeout=self.plan.timeout,
            post_bytes=self.plan.post_bytes,
        )

    def run(self) -> None:
        last = 0.0
        while not self.stopping.is_set():
            self.obey()
            if self.control.collect:
                self.tick()
            if time.monotonic() - last > 0.05:
                last = time.monotonic()
                self.tell()
            self.stopping.wait(self.plan.pause)
        self.sender.stop(5.0)
        self.spool.close()
        self.tell()
        self.ledger.close()

    def obey(self) -> None:
        """Read the control file when it has changed."""
        try:
            stat = os.stat(self.plan.control)
        except FileNotFoundError:
            stat = None
        seen = (stat.st_mtime_ns, stat.st_ino) if stat else (1, 1)
        if seen == self._control_seen:
            return
        self._control_seen = seen
        if stat:
            self.control = msgspec.json.decode(Path(self.plan.control).read_bytes(), type=Control)
        self.clock.offset = self.control.wall_offset
        self.files.error = getattr(errno, self.control.refuse) if self.control.refuse else 0
        if self.rewound is not None and self.control.rewinds > self.rewound:
            self.live_twice()
        self.rewound = self.control.rewinds
        self.set_sending(self.control.send)

    def set_sending(self, wanted: bool) -> None:
        if wanted and not self.sending:
            self.sender = self._new_sender()
            self.sender.start()
        elif self.sending and not wanted:
            assert self.sender.stop(10.0), "the sender did not stop"
        self.sending = wanted

    def tick(self) -> None:
        """One batch: noted, appended, noted again."""
        plan, chance = self.plan, self.random.random()
        kind, count = "report", self.random.randint(1, plan.most_reports)
        for name, share in (("event", plan.events), ("snapshot", plan.snapshots), ("garbage", plan.garbage)):
            if chance < share:
                kind, count = name, 1
                break
            chance -= share
        first = self.ledger.note(kind, count)
        records = [self.record(kind, number) for number in range(first, first + count)]
        index = 0
        if kind == "report":
            self.newest = pack(SCHEMA, SCHEMA_PAYLOAD) + records[-1]
            if not self.schema_sent:
                records.insert(0, pack(SCHEMA, SCHEMA_PAYLOAD))
                self.schema_sent, index = True, 1
        stream, seq = self.spool.append(LANE_OF[kind], records)
        self.ledger.appended(first, stream, seq, index)
        if self.control.sync:
            self.spool.sync()
            self.ledger.synced(first + count - 1)
        if self.sending:
            self.sender.wake()

    def record(self, kind: str, number: int) -> bytes:
        when = self.plan.first_time + number % HOLDER_SPACE * self.plan.step + self.clock.offset
        value = {"number": number, "check": checksum(number)}
        if kind == "report":
            return pack_report(when, self.clock.monotonic(), SCHEMA_NUMBER, 7, (number, checksum(number)))
        if kind == "event":
            return pack_json(EVENT, {"type": EVENT_TYPE, "time": when, "data": value, "severity": "info"})
        if kind == "snapshot":
            return pack_json(SNAPSHOT, {"kind": SNAPSHOT_KIND, "time": when, "data": value})
        return b"\xfa\0\0\0\xff\xff\xff\xff" + self.random.randbytes(40)

    def live_twice(self) -> None:
        """Collect and send for a while, and then be set back to now, memory and spool."""
        folder = Path(self.plan.ledger).parent
        self.set_sending(False)
        self.spool.sync()
        live_twice(Path(self.plan.spool), folder / "image", self.future)
        self.ledger.close()
        self.ledger = Ledger(Path(self.plan.ledger), self.plan.holder)
        (folder / "rolled-back").touch()

    def future(self) -> None:
        """What the child lives: its batches reach the hub, and nobody will remember them."""
        self.set_sending(True)
        for _ in range(self.random.randint(5, 40)):
            self.tick()
        wait_for(lambda: self.spool.stats()["batches"] == 0)
        self.set_sending(False)

    def append_schema(self) -> None:
        self.spool.append(METRICS, [pack(SCHEMA, SCHEMA_PAYLOAD)])
        self.sender.wake()

    def tell(self) -> None:
        """Say how things stand, in a file that is replaced whole."""
        self.told += 1
        spool = self.spool.stats()
        batches = spool["batches"]
        assert isinstance(batches, int)
        status = Status(
            pid=os.getpid(),
            told=self.told,
            last=self.ledger.last - self.plan.holder * HOLDER_SPACE,
            collecting=self.control.collect,
            batches=batches,
            spool=spool,
            sender=self.sender.status(),
        )
        write_atomically(self.plan.status, json.dumps(msgspec.to_builtins(status)).encode())


def main() -> None:
    agent = LedgerAgent(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stopping.set())
    agent.run()


if __name__ == "__main__":
    main()
