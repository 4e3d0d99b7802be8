"""Everything that was durable is held, receipted, or named by a gap, whatever order things happen in."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.faulty_files import FaultyFiles
from tests.support.small_hub import SmallHub
from watchkeeper.base.clock import SteppedClock
from watchkeeper.uplink.spool import Spool
from watchkeeper.wire import records
from watchkeeper.wire.frames import INVENTORY, METRICS, URGENT

LANES = st.sampled_from([URGENT, INVENTORY, METRICS, METRICS, METRICS])


class SpoolMachine(RuleBasedStateMachine):
    """A spool, a hub, and a ledger of what was promised: `synced` must arrive or be named, `sealed` may."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="spool"))
        self.clock = SteppedClock()
        self.hub = SmallHub()
        self.backup: SmallHub | None = None
        self.sealed: dict[tuple[bytes, int], bytes] = {}
        self.synced: set[tuple[bytes, int]] = set()
        self.number = 0

    @initialize(quota=st.sampled_from([200_000, 100_000_000]), keep=st.sampled_from([0.0, 3600.0]))
    def begin(self, quota: int, keep: float) -> None:
        self.quota, self.keep = quota, keep
        self.open()

    def open(self) -> None:
        self.files = FaultyFiles()
        self.spool = Spool(str(self.folder), self.quota, self.keep, self.clock, self.files, segment_bytes=8 << 10)

    @rule(lane=LANES, size=st.integers(10, 6000), count=st.integers(1, 8))
    def append(self, lane: int, size: int, count: int) -> None:
        for _ in range(count):
            self.number += 1
            payload = b'{"kind":"k%d","time":%d,"n":%d,"x":"%s"}' % (
                self.number % 3,
                self.number,
                self.number,
                b"x" * size,
            )
            kind = records.SNAPSHOT if lane == INVENTORY else records.EVENT
            name = self.spool.append(lane, [records.pack(kind, payload)])
            assert name not in self.sealed, "a number is given once"
            self.sealed[name] = payload
            self.clock.advance(1.0)

    @rule()
    def sync(self) -> None:
        self.spool.sync()
        self.synced |= set(self.sealed)

    @rule(most=st.sampled_from([100, 5000, 256 << 10]), answered=st.booleans())
    def send(self, most: int, answered: bool) -> None:
        post = self.spool.next_post(most)
        if post is None:
            return
        receipt = self.hub.take(post.body)
        if answered:
            self.accept(receipt)

    def accept(self, receipt) -> None:
        if not self.spool.accept(receipt):
            self.ask(everything=True)

    def ask(self, everything: bool) -> None:
        for stream in self.spool.streams(everything):
            self.spool.accept(self.hub.receipt(stream))
        if everything:
            self.spool.settle(self.hub.incarnation)

    @rule(torn=st.integers(0, 40))
    def crash_and_reopen(self, torn: int) -> None:
        """Nothing is closed; what was not synced may be there, in part or not at all."""
        active = [lane.active for lane in self.spool._store.lanes.values() if lane.active]
        cuts = [(segment.path, max(segment.synced, segment.size - torn)) for segment in active]
        self.die()
        for path, length in cuts:
            with open(path, "r+b") as file:
                file.truncate(length)
        self.open()
        self.ask(everything=not self.spool.incarnation)

    def die(self) -> None:
        store = self.spool._store
        for lane in store.lanes.values():
            if lane.active and lane.active.fd is not None:
                self.files.close(lane.active.fd)
        self.spool._unlock()

    @rule()
    def close_and_reopen(self) -> None:
        self.spool.close()
        self.synced |= set(self.sealed)
        self.open()

    @rule()
    def back_up_the_hub(self) -> None:
        self.backup = self.hub.copy()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore_the_hub(self) -> None:
        assert self.backup is not None
        self.hub, self.backup = self.backup, None
        self.hub.incarnation += "+"
        self.ask(everything=True)

    @rule(seconds=st.sampled_from([10.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(years=st.sampled_from([-1, 1]))
    def the_date_is_set(self, years: int) -> None:
        self.clock.step_wall(years * 365 * 86400.0)

    @invariant()
    def quota_holds(self) -> None:
        if hasattr(self, "spool"):
            size = sum(path.stat().st_size for path in self.folder.glob("*/*.seg"))
            assert size <= self.quota + (16 << 10), f"{size} bytes of segments"

    def teardown(self) -> None:
        if not hasattr(self, "spool"):
            return
        self.sync()
        self.ask(everything=True)
        for _ in range(100_000):
            post = self.spool.next_post()
            if post is None:
                break
            self.accept(self.hub.take(post.body))
        else:
            raise AssertionError("the spool never drains")
        arrived = {(stream, seq): payload for stream, seq, _, payload in self.hub.stored}
        for name in self.synced:
            stream, seq = name
            if name in arrived:
                assert arrived[name] == self.sealed[name]
            else:
                assert seq in self.hub.lost.get(stream, ()), f"{seq} of {stream.hex()} is lost in silence"
        assert len({(stream, seq, index) for stream, seq, index, _ in self.hub.stored}) == len(self.hub.stored)
        assert self.spool.stats()["batches"] == 0
        self.spool.close()
        shutil.rmtree(self.folder)


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
