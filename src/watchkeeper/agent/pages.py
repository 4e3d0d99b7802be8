"""Hands back the pages of programs and libraries that nothing has used of late.

A start touches most of the interpreter and of OpenSSL, and what a process has touched stays mapped until memory runs
short. An agent's tick needs a third of it. What is needed again comes from the system's cache, 16 pages at a time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds after the start, and between two times: the first ticks and the handshake have then been.
FIRST, EVERY = 12.0, 600.0
# <sys/mman.h> of Linux, the same on all of its processors but Alpha.
_MADV_DONTNEED = 4


class Pages:
    """`let_go_when_due` costs a millisecond each ten minutes; where the system cannot do it, nothing happens."""

    def __init__(self, now: float, maps: str = "/proc/self/smaps") -> None:
        self._due = now + FIRST
        self._maps = maps
        self._advise = _madvise()

    def let_go_when_due(self, now: float) -> None:
        """Call at each tick, with the monotonic time in seconds."""
        if now >= self._due and self._advise is not None:
            self._due = now + EVERY
            for begin, end in untouched(self._maps):
                self._advise(begin, end - begin, _MADV_DONTNEED)


def untouched(path: str) -> list[tuple[int, int]]:
    """Address ranges that hold what a file holds and nothing else: mapped for reading alone, and never written to.

    The dynamic linker writes into some such pages before it protects them. They count as anonymous, and letting go of
    them would lose what it wrote, so a range with a single one of them is left alone.
    """
    found: list[tuple[int, int]] = []
    begin = end = 0
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.split(None, 5)
                if not words[0].endswith(":"):
                    begin, end = (int(edge, 16) for edge in words[0].split("-"))
                    if words[1] not in ("r--p", "r-xp") or not words[-1].startswith("/"):
                        end = begin
                elif words[0] == "Anonymous:" and words[1] == "0" and end > begin:
                    found.append((begin, end))
    except OSError:
        return []  # A system without /proc, or one that hides it.
    return found


def _madvise() -> Callable[[int, int, int], int] | None:
    try:
        import ctypes

        call = ctypes.CDLL(None).madvise
    except (ImportError, OSError, AttributeError, MemoryError):
        return None
    call.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    return call
