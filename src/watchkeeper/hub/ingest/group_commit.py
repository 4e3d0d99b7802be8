"""One thread that commits: many posts share one synced transaction, and each gets its receipt after it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from typing import Any

from watchkeeper.base.errors import StorageError, UnavailableError, WatchkeeperError
from watchkeeper.hub.ingest.accept import Verdict, accept
from watchkeeper.hub.ingest.capping import SeriesCaps, event_state
from watchkeeper.hub.ingest.receipts import receipt, receipts
from watchkeeper.hub.model.records import Batch, StreamState
from watchkeeper.hub.storage.interfaces import RecordStore
from watchkeeper.wire.frames import Post
from watchkeeper.wire.records import REPORT_HEADER

log = logging.getLogger(__name__)

WINDOW = 0.020
QUIET = 0.004
MOST_POSTS = 2000
MOST_BYTES = 16 << 20
MOST_STREAMS = 50_000


class Job:
    """A post that waits for its receipt, or (post None) a call that wants the states of streams."""

    __slots__ = ("future", "host", "post", "received", "size", "streams", "verdict", "watched")

    def __init__(self, host: int, post: Post | None, received: float, size: int, future: Future[bytes]) -> None:
        self.host = host
        self.post = post
        self.received = received
        self.size = size
        self.future = future
        self.streams: list[bytes] = []
        self.watched = False
        self.verdict: Verdict | None = None


class Committed:
    """What one group brought, for the live view: verdicts of posts, and events of the hub's own."""

    __slots__ = ("events", "verdicts")

    def __init__(self, verdicts: list[Verdict], events: list[Batch]) -> None:
        self.verdicts = verdicts
        self.events = events


class StreamStates:
    """States of streams in memory; loaded when first needed, dropped when a commit of theirs failed."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._states: dict[bytes, StreamState] = {}

    def get(self, stream: bytes) -> StreamState | None:
        state = self._states.get(stream)
        if state is None:
            state = self._records.stream(stream)
            if state is not None:
                self.put(stream, state)
        return state

    def put(self, stream: bytes, state: StreamState) -> None:
        self._states[stream] = state

    def drop(self, stream: bytes) -> None:
        self._states.pop(stream, None)

    def drop_host(self, host: int) -> None:
        self._states = {stream: state for stream, state in self._states.items() if state.host != host}

    def shrink(self) -> None:
        """Forget the oldest when there are too many. Only between groups."""
        while len(self._states) > MOST_STREAMS:
            del self._states[next(iter(self._states))]


class GroupCommitter:
    """Takes posts from the event loop, commits them in groups, hands receipts back.

    When nothing else waits, a post is committed at once; while others keep coming, it gathers for at
    most 20 ms. `failure` is the last storage error, None when the last commit worked.
    """

    def __init__(
        self,
        records: RecordStore,
        caps: SeriesCaps,
        loop: AbstractEventLoop,
        publish: Callable[[Committed], None],
        counters: dict[str, float],
    ) -> None:
        self._records = records
        self._caps = caps
        self._loop = loop
        self._publish = publish
        self._counters = counters
        self._queue: queue.SimpleQueue[Job | Callable[[], None] | None] = queue.SimpleQueue()
        self._states = StreamStates(records)
        self._schemas: set[tuple[int, int]] = set()
        self._last_size = 0
        self._last_end = 0.0
        self._closed = False
        self.failure: StorageError | None = None
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        if self._closed:
            raise UnavailableError("the hub is stopping", "the same post will be taken when it is back")
        self._queue.put(job)

    def close(self) -> None:
        """Commit what is waiting and end the thread."""
        self._closed = True
        self._queue.put(None)
        self._thread.join(30)

    def forget_host(self, host: int) -> None:
        """Drop what is in memory about a deleted host, between two groups."""

        def forget() -> None:
            self._states.drop_host(host)
            self._schemas = {known for known in self._schemas if known[0] != host}

        self._queue.put(forget)

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            if callable(first):
                first()
                continue
            group, after = self._gather(first)
            self._commit(group)
            if after is None:
                return
            if callable(after):
                after()

    def _gather(self, first: Job) -> tuple[list[Job], Any]:
        """The posts of the next commit, and what came behind them when that is no post (else True)."""
        group, size = [first], first.size
        busy = self._last_size > 1 and time.monotonic() - self._last_end < WINDOW
        started = time.monotonic()
        while True:
            arrived = 0
            while len(group) < MOST_POSTS and size < MOST_BYTES:
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
                if not isinstance(job, Job):
                    return group, job
                group.append(job)
                size += job.size
                arrived += 1
            waited = time.monotonic() - started
            full = len(group) >= MOST_POSTS or size >= MOST_BYTES
            if full or not busy or waited >= WINDOW or (waited >= QUIET and not arrived):
                return group, True
            time.sleep(min(QUIET, WINDOW - waited))

    def _commit(self, group: list[Job]) -> None:
        answers: list[tuple[Future[bytes], bytes | WatchkeeperError]] = []
        jobs, touched = [], {}
        batches: list[Batch] = []
        gaps = []
        events: list[Batch] = []
        for job in group:
            if job.post is None:
                continue
            try:
                verdict = job.verdict = accept(job.post, job.host, job.received, self._states)
            except WatchkeeperError as error:
                answers.append((job.future, error))
                continue
            jobs.append(job)
            for stream in verdict.touched:
                touched[stream] = None
            if verdict.schemas or self._caps:
                for stream, batch in self._caps.apply(job.host, verdict.batches, verdict.schemas):
                    self._states.put(stream, event_state(job.host))
                    touched[stream] = None
                    events.append(batch)
            batches += verdict.batches
            gaps += verdict.gaps
        error = self._append(batches + events, list(touched), gaps)
        for job in group:
            if error is not None:
                if job.verdict is not None or job.post is None:
                    answers.append((job.future, error))
            elif job.post is None:
                answers.append((job.future, receipts(self._records.incarnation, job, self._states)))
            elif job.verdict is not None:
                answers.append((job.future, receipt(self._records.incarnation, job, self._wanted(job))))
        self._last_size, self._last_end = len(group), time.monotonic()
        committed = None if error else Committed([job.verdict for job in jobs if job.verdict], events)
        self._loop.call_soon_threadsafe(self._deliver, answers, committed)

    def _append(self, batches: list[Batch], touched: list[bytes], gaps: list[Any]) -> StorageError | None:
        if not touched:
            return None
        states = [(stream, state) for stream in touched if (state := self._states.get(stream)) is not None]
        try:
            self._records.append(batches, states, gaps)
        except StorageError as error:
            for stream in touched:
                self._states.drop(stream)
            if self.failure is None or self.failure.message != error.message:
                log.error("nothing is being stored: %s", error)
            self.failure = error
            return error
        except Exception as error:
            for stream in touched:
                self._states.drop(stream)
            log.exception("a commit failed")
            self.failure = StorageError(f"a commit failed: {error!r}", "the hub's log tells more")
            return self.failure
        self.failure = None
        self._states.shrink()
        counters = self._counters
        counters["commits"] += 1
        for batch in batches:
            for _, report in batch.reports:
                counters["reports"] += 1
                counters["samples"] += (len(report) - REPORT_HEADER.size) >> 3
        return None

    def _wanted(self, job: Job) -> list[int]:
        """Numbers of schemas that reports in the post need and the store has not got."""
        wanted: list[int] = []
        assert job.verdict is not None
        last = -1
        for batch in job.verdict.batches:
            for _, report in batch.reports:
                if len(report) < REPORT_HEADER.size:
                    continue
                number = REPORT_HEADER.unpack_from(report)[2]
                if number == last:
                    continue
                last = number
                if (job.host, number) in self._schemas or number in wanted:
                    continue
                if self._records.schema(job.host, number) is None:
                    wanted.append(number)
                else:
                    self._schemas.add((job.host, number))
        return wanted

    def _deliver(
        self, answers: list[tuple[Future[bytes], bytes | WatchkeeperError]], committed: Committed | None
    ) -> None:
        """On the event loop: wake those who wait, then tell the live view."""
        for future, answer in answers:
            if future.done():
                continue
            if isinstance(answer, bytes):
                future.set_result(answer)
            else:
                future.set_exception(answer)
        if committed is not None:
            self._publish(committed)
