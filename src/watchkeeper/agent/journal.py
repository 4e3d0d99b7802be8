"""What happened to the agent, as events in the urgent lane, and its snapshots in the inventory lane."""

from __future__ import annotations

from watchkeeper.base.log import LEVELS, Log
from watchkeeper.wire.frames import INVENTORY, URGENT
from watchkeeper.wire.records import EVENT, SNAPSHOT, pack_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.base.clock import Clock
    from watchkeeper.uplink.spool import Spool

_log = Log("watchkeeper.agent")


class Journal:
    """Packs and appends; the sender is woken by whoever ends the tick."""

    def __init__(self, spool: Spool, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock

    def event(self, type: str, severity: str = "info", /, **data: object) -> None:
        """Note that something happened now. `severity` is info, warning or error."""
        time = round(self._clock.wall(), 3)
        record = pack_json(EVENT, {"type": type, "time": time, "data": data, "severity": severity})
        self._spool.append(URGENT, [record])
        detail = ", ".join(f"{key} {value}" for key, value in data.items() if value not in ("", None))
        _log.log(LEVELS[severity], "%s%s", type, f": {detail}" if detail else "")

    def snapshot(self, kind: str, data: dict[str, object]) -> None:
        """Note the whole of one kind of inventory."""
        self._spool.append(INVENTORY, [pack_snapshot(kind, self._clock.wall(), data)])


def pack_snapshot(kind: str, time: float, data: dict[str, object]) -> bytes:
    """One snapshot as it lies in a batch."""
    return pack_json(SNAPSHOT, {"kind": kind, "time": round(time, 3), "data": data})
