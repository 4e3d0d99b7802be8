"""Carries batches from the spool to the hub, for ever, from one thread.

sender = Sender(spool, "https://hub:8787", token, ca="/etc/watchkeeper/hub.pem", hint=sampler.newest)
sender.start()
...
spool.append(METRICS, [record])
sender.wake()                      # syncs the spool, then sends: milliseconds, not an interval
sender.stop(5.0)
"""

from __future__ import annotations

import threading

from watchkeeper.base.backoff import Backoff
from watchkeeper.base.clock import Clock
from watchkeeper.base.errors import (
    ForbiddenError,
    FormatError,
    TooLargeError,
    TooManyError,
    UnauthenticatedError,
    WatchkeeperError,
)
from watchkeeper.base.log import Log
from watchkeeper.uplink.http import Client
from watchkeeper.uplink.link import COPIED, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from watchkeeper.uplink.link import Answer
    from watchkeeper.uplink.outgoing import Outgoing
    from watchkeeper.uplink.spool import Spool

log = Log(__name__)

_IDLE_SECONDS = 60.0
_RARELY_SECONDS = 300.0
_ASK_AGAIN_SECONDS = 60.0
_STREAMS_A_CALL = 256
_LEAST_POST_BYTES = 4 << 10
_BAD_POSTS = 3


class Sender:
    """Sends what the spool holds until stopped; an unreachable or refusing hub only makes it wait.

    `hub_url` is http:// or https://; `token` the agent's `wka_…`; `ca` a PEM file that alone is trusted, "" for the
    system's. Every callback runs in the sender's thread and must be quick:

    - `on_schemas(numbers)`: the hub lacks these schemas; append them to the metrics lane and wake the sender.
    - `hint()`: the newest report as a packed record (with its schema's record before it, if need be), None without one.
      It is sent ahead, once for each new value, while a metrics backlog drains.
    - `extras()`: packed records that help somebody who looks at this host now (a process table, say), or None.
      It is asked when all is sent, while `watched`; the same value is not sent twice.
    """

    def __init__(
        self,
        spool: Spool,
        hub_url: str,
        token: str,
        ca: str = "",
        *,
        clock: Clock | None = None,
        on_schemas: Callable[[list[int]], None] | None = None,
        hint: Callable[[], bytes | None] | None = None,
        extras: Callable[[], bytes | None] | None = None,
        timeout: float = 20.0,
        post_bytes: int = 256 << 10,
        backoff: Backoff | None = None,
    ) -> None:
        """Raises SettingsError for a URL or CA file that cannot be meant.

        `timeout` bounds each exchange, in seconds; `post_bytes` a post before compression.
        """
        self._spool = spool
        self._clock = clock or Clock()
        self._link = Link(Client(hub_url, ca, timeout, self._clock.monotonic), token, self._clock)
        self._on_schemas = on_schemas
        self._hint = hint
        self._extras = extras
        self._post_bytes = post_bytes
        self._backoff = backoff or Backoff()
        self._woken = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._asked_schemas: dict[int, float] = {}
        self._parked: dict[bytes, tuple[float, str]] = {}
        self._asked_all = False
        self._bad_posts = 0
        self._last_hint: bytes | None = None
        self._last_extras: bytes | None = None
        self.watched = False
        self._connected = False
        self._last_success: float | None = None
        self._error = ""
        self._next_try: float | None = None
        self._posts = 0
        self._batches = 0

    def start(self) -> None:
        """Start the thread; it connects at once."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the spool. Returns at once; any thread may call it."""
        self._woken.set()

    def stop(self, timeout: float = 5.0) -> bool:
        """Finish the exchange under way, at most `timeout` seconds; true when the thread has ended.

        The spool stays open: close it afterwards.
        """
        self._stopping = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def status(self) -> dict[str, object]:
        """`{"connected": bool, "last_success": wall seconds or None, "error": words or "", "next_try": wall seconds or
        None, "watched": bool, "posts": n, "batches": n, "bytes": n on the wire}`."""
        return {
            "connected": self._connected,
            "last_success": self._last_success,
            "error": self._error,
            "next_try": self._next_try,
            "watched": self.watched,
            "posts": self._posts,
            "batches": self._batches,
            "bytes": self._link.sent,
        }

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                self._spool.sync()
                busy = self._step()
            except WatchkeeperError as error:
                self._wait_after(error)
            except Exception as error:  # the edge of the thread: a fault of ours must not end the sending for good
                log.exception("the sender failed")
                self._wait_after(WatchkeeperError(f"the sender failed: {error!r}"))
            else:
                self._succeeded()
                if not busy and not self._stopping:
                    self._clock.wait(self._woken, self._idle_seconds())
        self._link.close()

    def _step(self) -> bool:
        """One exchange; true when there may be more to send."""
        if not self._link.connected:
            self._ask(everything=not self._asked_all)
        post = self._spool.next_post(self._post_bytes, self._parked)
        if post is None:
            self._send_extras()
            return False
        if post.more:
            self._send_hint()
        self._send(post)
        return not self._stopping

    def _ask(self, everything: bool) -> None:
        """Learn what the hub has. All streams matter at first, and when it was restored.

        A hub that was rolled back with all its files keeps its incarnation; only what it lacks tells.
        """
        streams = self._spool.streams(everything)
        incarnation, known = "", True
        for start in range(0, max(1, len(streams)), _STREAMS_A_CALL):
            incarnation, right = self._ask_some(streams[start : start + _STREAMS_A_CALL])
            known = known and right
        if everything:
            self._spool.settle(incarnation)
            self._asked_all = True
            # A restored hub may have lost the schemas that it was told a moment ago.
            self._asked_schemas = {}
        elif not known or incarnation != self._spool.incarnation:
            self._ask(everything=True)

    def _ask_some(self, streams: list[bytes]) -> tuple[str, bool]:
        """The hub's incarnation, and whether it has all that it had of these streams."""
        incarnation, receipts = self._link.receipts(streams)
        known = True
        for receipt in receipts:
            known = self._spool.accept(receipt) and known
        for stream in set(streams).difference(receipt.stream for receipt in receipts):
            self._park(stream, ForbiddenError("the hub says that a stream belongs to another agent", COPIED))
        return incarnation, known

    def _send(self, post: Outgoing) -> None:
        try:
            answer = self._link.post(post)
        except ForbiddenError as error:
            self._park(post.stream, error)
            return
        except TooLargeError as error:
            if post.batches == 1:
                self._park(post.stream, error)
            else:
                self._post_bytes = max(_LEAST_POST_BYTES, min(self._post_bytes, post.size) // 2)
            return
        except FormatError as error:
            self._bad_posts += 1
            if self._bad_posts >= _BAD_POSTS:
                self._bad_posts = 0
                self._park(post.stream, error)
                return
            raise
        self._bad_posts = 0
        self._posts += 1
        self._batches += post.batches
        self._parked.pop(post.stream, None)
        if answer.receipt is not None and not self._spool.accept(answer.receipt):
            self._ask(everything=True)
        self._take(answer)

    def _take(self, answer: Answer) -> None:
        self.watched = answer.watched
        now = self._clock.monotonic()
        wanted = [n for n in answer.want_schemas if now - self._asked_schemas.get(n, -1e9) >= _ASK_AGAIN_SECONDS]
        if wanted and self._on_schemas is not None:
            self._asked_schemas = {n: at for n, at in self._asked_schemas.items() if now - at < _ASK_AGAIN_SECONDS}
            self._asked_schemas.update(dict.fromkeys(wanted, now))
            self._on_schemas(wanted)

    def _send_hint(self) -> None:
        hint = self._hint() if self._hint is not None else None
        if hint is not None and hint != self._last_hint:
            self._last_hint = hint
            self._take(self._link.hint(hint))

    def _send_extras(self) -> None:
        extras = self._extras() if self.watched and self._extras is not None else None
        if extras is not None and extras != self._last_extras:
            self._last_extras = extras
            self._take(self._link.hint(extras))

    def _park(self, stream: bytes, error: WatchkeeperError) -> None:
        """Leave a stream alone for a while: the others must not wait for it. Nothing of it is deleted."""
        log.warning("a stream is held back for %g s: %s", _RARELY_SECONDS, error)
        self._parked[stream] = (self._clock.monotonic() + _RARELY_SECONDS, str(error))

    def _idle_seconds(self) -> float:
        now = self._clock.monotonic()
        return min([_IDLE_SECONDS, *(max(0.0, until - now) for until, _ in self._parked.values())])

    def _succeeded(self) -> None:
        now = self._clock.monotonic()
        self._parked = {stream: entry for stream, entry in self._parked.items() if entry[0] > now}
        self._backoff.reset()
        if not self._connected:
            log.info("connected to the hub")
        self._connected = True
        self._last_success = self._clock.wall()
        self._error = next((words for _, words in self._parked.values()), "")
        self._next_try = None

    def _wait_after(self, error: WatchkeeperError) -> None:
        """Wait before the next try; what is appended meanwhile is made durable all the same."""
        if isinstance(error, (UnauthenticatedError, ForbiddenError)):
            delay = self._backoff.next(at_least=_RARELY_SECONDS / 5)
        else:
            delay = self._backoff.next(at_least=error.retry_after if isinstance(error, TooManyError) else 0.0)
        if str(error) != self._error:
            log.warning("%s; trying again", error)
        if not isinstance(error, (TooManyError, UnauthenticatedError, ForbiddenError)):
            self._link.close()
        self._connected = False
        self._error = str(error)
        self._next_try = self._clock.wall() + delay
        until = self._clock.monotonic() + delay
        while not self._stopping:
            left = until - self._clock.monotonic()
            if left <= 0 or not self._clock.wait(self._woken, left):
                return
            self._woken.clear()
            self._spool.sync()
