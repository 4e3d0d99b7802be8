"""The state of each collector, as the snapshot `collectors` shows it."""

from __future__ import annotations

from watchkeeper.agent.names import Names

RUNNING, UNAVAILABLE, FAILING, DISABLED = "running", "unavailable", "failing", "disabled"


class State:
    """`state` and its `reason` in words; `seconds` that the last run took."""

    __slots__ = ("reason", "seconds", "state")

    def __init__(self, state: str, reason: str = "", seconds: float = 0.0) -> None:
        self.state = state
        self.reason = reason
        self.seconds = seconds


class Board:
    """All collectors' states. `changes` gathers (name, before, after) until somebody takes them."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self._changes: list[tuple[str, str, State]] = []
        self._changed = True
        self._names = Names("collector", "agent.collector.time", "agent.collector.ok")

    def note(self, name: str, state: str, reason: str = "", seconds: float = 0.0) -> None:
        """Set the state of a collector."""
        before = self.states.get(name)
        if before is None:
            self.states[name] = after = State(state, reason, seconds)
        else:
            after = before
            before = State(before.state, before.reason)
            after.state, after.reason, after.seconds = state, reason, seconds
        if before is None or (before.state, before.reason) != (state, reason):
            self._changed = True
        was = before.state if before else RUNNING
        if (was == FAILING) != (state == FAILING):
            self._changes.append((name, was, after))

    def note_parts(self, word: str, parts: dict[str, tuple[str, str, float]]) -> None:
        """Set the states of what a collector consists of, named `word:…`; forget parts that are no more."""
        for name, (state, reason, seconds) in parts.items():
            self.note(name, state, reason, seconds)
        for name in [name for name in self.states if name.startswith(word + ":") and name not in parts]:
            del self.states[name]
            self._changed = True

    def take_changes(self) -> list[tuple[str, str, State]]:
        """Collectors that began or ceased to fail since the last call."""
        changes, self._changes = self._changes, []
        return changes

    def take_snapshot(self) -> dict[str, object] | None:
        """All states, or None when no state or reason has changed since the last call."""
        if not self._changed:
            return None
        self._changed = False
        return {"collectors": self.rows()}

    def rows(self) -> list[dict[str, object]]:
        return [
            {"name": name, "state": state.state, "reason": state.reason, "seconds": round(state.seconds, 6)}
            for name, state in sorted(self.states.items())
        ]

    def samples(self) -> dict[str, float]:
        """agent.collector.time and agent.collector.ok of all that ran or failed."""
        samples: dict[str, float] = {}
        for name, state in self.states.items():
            if state.state in (RUNNING, FAILING):
                time, ok = self._names[name]
                samples[time] = state.seconds
                samples[ok] = float(state.state == RUNNING)
        return samples
