"""A hub's storage side in a process of its own: appends for several hosts while compaction goes on.

Prints `host seq` once a batch is committed. Killed by the tests at any moment.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.contract.records.feed import NOW, Feed, report
from watchkeeper.base.clock import SteppedClock
from watchkeeper.base.errors import StorageError
from watchkeeper.hub.storage.embedded.store import EmbeddedRecordStore

HOSTS = 3


def main() -> None:
    store = EmbeddedRecordStore(Path(sys.argv[1]), SteppedClock(NOW), housekeeping=False)
    feeds = [Feed(store, host) for host in range(1, HOSTS + 1)]

    def compact() -> None:
        while True:
            try:
                store.compact_now()
            except StorageError as error:
                print("interrupted:", error, file=sys.stderr, flush=True)

    if feeds[0].ranges.last == 0:
        for feed in feeds:
            feed.schema()
    threading.Thread(target=compact, daemon=True).start()
    while True:
        for feed in feeds:
            seq = feed.ranges.last + 1
            # Times wander over hours, so that merging into older chunks is exercised all the time.
            time = NOW + seq * 10 - (seq % 7) * 3600
            feed.send([report(time, [seq, seq, feed.host]), report(time + 5, [seq, seq, feed.host])])
            sys.stdout.write(f"{feed.host} {seq}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
