"""One thread that commits: many posts share one synced transaction, and each gets its receipt after it."""

from __future__ import annotations

import queue
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import Future

from watchkeeper.base.errors import StorageError, UnavailableError
from watchkeeper.hub.ingest.group import Answer, Committing
from watchkeeper.hub.ingest.jobs import Committed, Job

# At most so long a post waits for others to share its commit with, and so long a silence ends the wait.
WINDOW = 0.020
QUIET = 0.004
MOST_POSTS = 2000
MOST_BYTES = 16 << 20

# A callable runs between two groups; None ends the thread.
Queued = Job | Callable[[], None] | None


class GroupCommitter:
    """Takes posts from the event loop, commits them in groups, hands receipts back with one call a group.

    When nothing else waits, a post is committed at once; while others keep coming, it gathers for at
    most 20 ms.
    """

    def __init__(self, committing: Committing, loop: AbstractEventLoop, publish: Callable[[Committed], None]) -> None:
        self._committing = committing
        self._loop = loop
        self._publish = publish
        self._queue: queue.SimpleQueue[Queued] = queue.SimpleQueue()
        self._last_size = 0
        self._last_end = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    @property
    def failure(self) -> StorageError | None:
        """Why nothing is being stored, None when all is well."""
        return self._committing.failure

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job; its reply is called with the answer. Raises UnavailableError while the hub stops."""
        if self._closed:
            raise UnavailableError("the hub is stopping", "the same post will be taken when it is back")
        self._queue.put(job)

    def forget_host(self, host: int) -> Future[None]:
        """Drop what is in memory about a deleted host, once all its posts that were taken are committed."""
        done: Future[None] = Future()

        def forget() -> None:
            self._committing.forget_host(host)
            done.set_result(None)

        self._queue.put(forget)
        return done

    def close(self) -> None:
        """Commit what is waiting and end the thread."""
        self._closed = True
        self._queue.put(None)
        self._thread.join(30)

    def _run(self) -> None:
        while True:
            queued = self._queue.get()
            if isinstance(queued, Job):
                group, queued = self._gather(queued)
                answers, committed = self._committing.commit(group)
                self._last_size, self._last_end = len(group), time.monotonic()
                self._loop.call_soon_threadsafe(self._deliver, answers, committed)
            if queued is None:
                return
            if not isinstance(queued, Job):
                queued()

    def _gather(self, first: Job) -> tuple[list[Job], Queued]:
        """The jobs of the next commit, and what ended the gathering: something else, or the last of them."""
        group, size = [first], first.size
        busy = self._last_size > 1 and time.monotonic() - self._last_end < WINDOW
        started = time.monotonic()
        while True:
            before = len(group)
            while len(group) < MOST_POSTS and size < MOST_BYTES:
                try:
                    queued = self._queue.get_nowait()
                except queue.Empty:
                    break
                if not isinstance(queued, Job):
                    return group, queued
                group.append(queued)
                size += queued.size
            waited = time.monotonic() - started
            full = len(group) >= MOST_POSTS or size >= MOST_BYTES
            quiet = len(group) == before and waited >= QUIET
            if full or quiet or not busy or waited >= WINDOW:
                return group, group[-1]
            time.sleep(min(QUIET, WINDOW - waited))

    def _deliver(self, answers: list[Answer], committed: Committed | None) -> None:
        """On the event loop: wake those who wait, then tell the live view."""
        for reply, answer in answers:
            reply(answer)
        if committed is not None:
            self._publish(committed)
