"""Carries batches from the spool to the hub, for ever, from one thread.

sender = Sender(spool, "https://hub:8787", token, ca="/etc/watchkeeper/hub.pem", hint=sampler.newest)
sender.start()
...
spool.append(METRICS, [record])
sender.wake()                      # syncs the spool, then sends: milliseconds, not an interval
sender.stop(5.0)
"""

from __future__ import annotations

from watchkeeper.base.clock import Clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from watchkeeper.uplink.spool import Spool


class Sender:
    """Sends what the spool holds until stopped; an unreachable or refusing hub only makes it wait.

    `hub_url` is http:// or https://; `token` the agent's `wka_…`; `ca` a PEM file that alone is trusted, "" for the
    system's. Every callback runs in the sender's thread and must be quick:

    - `on_schemas(numbers)`: the hub lacks these schemas; append them to the metrics lane and wake the sender.
    - `hint()`: the newest report as a packed record (with its schema's record before it, if need be), None without one.
      It is sent ahead, once for each new value, while a metrics backlog drains.
    - `extras()`: packed records that help somebody who looks at this host now (a process table, say), or None.
      It is asked at each wake while `watched`.
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
    ) -> None:
        """Raises SettingsError for a URL or CA file that cannot be meant. `timeout` bounds each exchange, in seconds."""
        self.watched = False
        raise NotImplementedError

    def start(self) -> None:
        """Start the thread; it connects at once."""
        raise NotImplementedError

    def wake(self) -> None:
        """There is something new in the spool. Returns at once; any thread may call it."""
        raise NotImplementedError

    def stop(self, timeout: float = 5.0) -> bool:
        """Finish the exchange under way, at most `timeout` seconds; true when the thread has ended.

        The spool stays open: close it afterwards.
        """
        raise NotImplementedError

    def status(self) -> dict[str, object]:
        """`{"connected": bool, "last_success": wall seconds or None, "error": words or "", "next_try": wall seconds or
        None, "watched": bool, "posts": n, "batches": n, "bytes": n on the wire}`."""
        raise NotImplementedError
