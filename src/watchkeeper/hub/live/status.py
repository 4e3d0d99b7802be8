"""What to say of a host: pure functions of what was last heard of it."""

from __future__ import annotations

ONLINE, LATE, OFFLINE, NEVER = "online", "late", "offline", "never"


def status(
    now: float, received: float | None, interval: float, offline_after: float, started: float, behind: float
) -> tuple[str, str]:
    """Status and reason. All arguments are seconds.

    `received` is when the newest report came (None: never), `started` when the hub did, and `behind`
    how much older than its arrival the newest report was, by a corrected clock.
    """
    if received is None:
        return NEVER, "has not reported yet"
    age = now - received
    if age <= 3 * interval:
        if behind > max(60.0, 6 * interval):
            return LATE, f"catching up: the reports that arrive are {spell(behind)} old"
        return ONLINE, f"reports every {interval:g} s"
    if received < started and now - started < min(offline_after, 60.0):
        return LATE, f"the hub has just started; the last report came {spell(age)} ago"
    if age <= max(offline_after, 3 * interval):
        return LATE, f"last report {spell(age)} ago, expected every {interval:g} s"
    return OFFLINE, f"no report for {spell(age)}"


def spell(seconds: float) -> str:
    """A duration for people: 45 s, 12 min, 3.5 h, 2 days."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"
