"""States of streams in memory."""

from __future__ import annotations

from watchkeeper.hub.model.records import StreamState
from watchkeeper.hub.storage.interfaces import RecordStore

MOST_STREAMS = 50_000


class StreamStates:
    """Loaded when first needed; dropped when a commit of theirs failed, for what is in memory is then ahead.

    Used by the committer's thread alone.
    """

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._states: dict[bytes, StreamState] = {}

    def get(self, stream: bytes) -> StreamState | None:
        state = self._states.get(stream)
        if state is None:
            state = self._records.stream(stream)
            if state is not None:
                self._states[stream] = state
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
