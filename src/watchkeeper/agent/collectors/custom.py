"""What text files and scripts have in common: many sources, each with a state of its own."""

from __future__ import annotations

from watchkeeper.agent.board import FAILING, RUNNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.prometheus import Exposition


class Custom:
    """Gathers the samples of one round. The first source to name a series has it; a second one is told."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.samples: dict[str, float] = {}
        self._kinds: dict[str, tuple[str, str]] = {}
        self.parts: dict[str, tuple[str, str, float]] = {}

    def begin(self) -> None:
        """Start a round from nothing."""
        self.samples, self._kinds, self.parts = {}, {}, {}

    def add(self, source: str, found: Exposition, seconds: float = 0.0, problem: str = "") -> None:
        """Take the samples of `source`; what is wrong with it becomes its state."""
        errors = ([problem] if problem else []) + found.errors
        twice = [name for name in found.samples if name in self.samples]
        errors += [f"{name} is reported by another source too" for name in twice[:3]]
        for name, value in found.samples.items():
            if name not in self.samples:
                self.samples[name] = value
                self._kinds[name] = found.kinds[name]
        reason = "; ".join(errors[:3]) + (f"; and {len(errors) - 3} more" if len(errors) > 3 else "")
        self.parts[f"{self._word}:{source}"] = (FAILING if errors else RUNNING, reason, seconds)

    def fail(self, source: str, reason: str) -> None:
        self.parts[f"{self._word}:{source}"] = (FAILING, reason, 0.0)

    def describe(self, name: str) -> tuple[str, str]:
        """Kind and unit of a series of this round."""
        return self._kinds[name]
