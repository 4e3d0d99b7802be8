"""NVIDIA GPUs, through nvidia-smi, which takes too long to be asked within a tick."""

from __future__ import annotations

import os

from watchkeeper.agent.background import Background
from watchkeeper.agent.child import run
from watchkeeper.agent.machine import MissingError
from watchkeeper.agent.names import Names
from watchkeeper.agent.rates import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

_QUERY = "index,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw"
_SECONDS = 10.0
_MEBIBYTE = 1 << 20


class Gpu:
    def __init__(self, machine: Machine, every: float = 10.0) -> None:
        self._every = every
        self._names = Names(
            "gpu", "gpu.percent", "gpu.memory.used", "gpu.memory.percent", "gpu.temperature", "gpu.power"
        )
        self._background: Background | None = None

    def __call__(self, now: float) -> dict[str, float]:
        if self._background is None:
            program = _program()
            if not program:
                raise MissingError("there is no nvidia-smi here")
            self._background = Background(lambda: self._ask(program), self._every)
            self._background.start()
        newest, done = self._background.newest, self._background.done
        if done is None:
            return {}
        if isinstance(newest, Exception):
            raise newest
        if now - done > self._every + 2 * _SECONDS:
            raise RuntimeError(f"nvidia-smi has not answered for {now - done:.0f} s")
        assert isinstance(newest, dict)
        return newest

    def end(self) -> None:
        if self._background is not None:
            self._background.end()

    def _ask(self, program: str) -> dict[str, float]:
        output = run([program, f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"], _SECONDS)
        if output.problem:
            raise MissingError(f"nvidia-smi {output.problem}")
        samples: dict[str, float] = {}
        for line in output.out.decode("utf-8", "replace").splitlines():
            index, busy, used, total, degrees, watts = (field.strip() for field in line.split(","))
            used_bytes, total_bytes = _number(used) * _MEBIBYTE, _number(total) * _MEBIBYTE
            percent = 100.0 * used_bytes / total_bytes if total_bytes else UNKNOWN
            figures = (_number(busy), used_bytes, percent, _number(degrees), _number(watts))
            samples.update(zip(self._names[index], figures))
        return samples


def _program() -> str:
    for folder in os.environ.get("PATH", "").split(":"):
        if os.access(f"{folder}/nvidia-smi", os.X_OK):
            return f"{folder}/nvidia-smi"
    return ""


def _number(text: str) -> float:
    """nvidia-smi writes "[N/A]" for what a card does not tell."""
    try:
        return float(text)
    except ValueError:
        return UNKNOWN
