"""Memory and swap, from /proc/meminfo; inside a container the container's limit and use."""

from __future__ import annotations

from watchkeeper.agent.cgroup import Cgroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

_WANTED = (
    b"MemTotal",
    b"MemFree",
    b"MemAvailable",
    b"Buffers",
    b"Cached",
    b"SReclaimable",
    b"SwapTotal",
    b"SwapFree",
)


class Memory:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._cgroup = Cgroup(machine)

    def __call__(self, now: float) -> dict[str, float]:
        sizes = _sizes(self._machine.read(self._machine.proc + "/meminfo"))
        total = sizes[b"MemTotal"]
        cached = sizes.get(b"Cached", 0) + sizes.get(b"SReclaimable", 0)
        buffers = sizes.get(b"Buffers", 0)
        # Kernels before 3.14 do not say what is available.
        available = sizes.get(b"MemAvailable", sizes.get(b"MemFree", 0) + buffers + cached)
        container = self._cgroup.memory()
        if container is not None and container.limit < total:
            total, cached, buffers = container.limit, container.cached, 0
            available = min(available, max(0, total - container.used))
        samples = {
            "memory.total": total,
            "memory.used": total - available,
            "memory.available": available,
            "memory.cached": cached,
            "memory.buffers": buffers,
            "memory.percent": 100.0 * (total - available) / total,
        }
        return {**samples, **_swap(sizes)}


def _swap(sizes: dict[bytes, int]) -> dict[str, float]:
    if b"SwapTotal" not in sizes:
        return {}
    total = sizes[b"SwapTotal"]
    used = total - sizes.get(b"SwapFree", 0)
    samples: dict[str, float] = {"swap.total": total, "swap.used": used}
    if total:
        samples["swap.percent"] = 100.0 * used / total
    return samples


def _sizes(data: bytes) -> dict[bytes, int]:
    """The wanted lines of meminfo in bytes."""
    sizes: dict[bytes, int] = {}
    for line in data.split(b"\n"):
        name, _, rest = line.partition(b":")
        if name in _WANTED:
            sizes[name] = int(rest.split()[0]) * 1024
            if len(sizes) == len(_WANTED):
                break
    return sizes
