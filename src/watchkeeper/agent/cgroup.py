"""What the container that the agent runs in may take, from control groups of version 1 and 2.

Formats: Documentation/admin-guide/cgroup-v1 and cgroup-v2 of the kernel. A service's own group on a
plain machine says nothing about the machine, so outside a container there are no limits.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

# Version 1 writes "no limit" as the largest multiple of a page that fits.
_NO_LIMIT = 1 << 60

_MARKS = (("kubepods", "kubernetes"), ("docker", "docker"), ("libpod", "podman"), ("lxc", "lxc"))


class MemoryUse:
    """Bytes: the `limit`, what is `used` without reclaimable file cache, and what is `cached`."""

    __slots__ = ("cached", "limit", "used")

    def __init__(self, limit: int, used: int, cached: int) -> None:
        self.limit = limit
        self.used = used
        self.cached = cached


class Cgroup:
    """The control group of this process, looked up once; it does not change while a container lives."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._folders = _folders(machine) if container(machine) else {}

    def memory(self) -> MemoryUse | None:
        """The container's memory, None when there is no container or no limit."""
        folder, second = self._folders.get("memory", ("", False))
        if not folder:
            return None
        names = ("memory.max", "memory.current") if second else ("memory.limit_in_bytes", "memory.usage_in_bytes")
        limit, current = (self._number(f"{folder}/{name}") for name in names)
        if limit is None or current is None or limit >= _NO_LIMIT:
            return None
        stat = _pairs(self._machine.text(f"{folder}/memory.stat"))
        cached = stat.get("file" if second else "total_cache", 0)
        reclaimable = stat.get("inactive_file" if second else "total_inactive_file", 0)
        return MemoryUse(limit, max(0, current - reclaimable), cached)

    def cpu(self) -> tuple[float, float] | None:
        """Seconds of processor time that the container has used, and cores that it may take; None without a quota."""
        folder, second = self._folders.get("cpu", ("", False))
        if not folder:
            return None
        if second:
            quota, _, period = self._machine.text(f"{folder}/cpu.max").partition(" ")
            used = _pairs(self._machine.text(f"{folder}/cpu.stat")).get("usage_usec")
            seconds = None if used is None else used / 1e6
        else:
            quota = self._machine.text(f"{folder}/cpu.cfs_quota_us")
            period = self._machine.text(f"{folder}/cpu.cfs_period_us")
            account, _ = self._folders.get("cpuacct", (folder, False))
            nanoseconds = self._number(f"{account}/cpuacct.usage")
            seconds = None if nanoseconds is None else nanoseconds / 1e9
        if seconds is None or not quota.isdigit() or not period.isdigit() or int(period) == 0:
            return None
        return seconds, int(quota) / int(period)

    def _number(self, path: str) -> int | None:
        text = self._machine.text(path)
        return int(text) if text.isdigit() else None


def container(machine: Machine) -> str:
    """The kind of container that the agent runs in, "" on a plain machine."""
    declared = machine.text(machine.run + "/systemd/container")
    if declared:
        return declared
    for variable in machine.text(machine.proc + "/1/environ").split("\0"):
        if variable.startswith("container="):
            return variable[10:]
    groups = machine.text(machine.proc + "/1/cgroup")
    for mark, kind in _MARKS:
        if f"/{mark}" in groups:
            return kind
    root = machine.proc[: -len("/proc")]
    for path, kind in (("/run/.containerenv", "podman"), ("/.dockerenv", "docker")):
        # An image that was turned into a virtual machine still holds the file.
        if os.path.exists(root + path) and _is_layered(machine):
            return kind
    return ""


def _is_layered(machine: Machine) -> bool:
    """Whether the root file system is one that containers are given: an overlay, or a folder of another."""
    for line in machine.text(machine.proc + "/self/mountinfo").splitlines():
        fields = line.split(" ")
        if fields[4] == "/":
            return fields[3] != "/" or " - overlay " in line or " - aufs " in line
    return False


def _folders(machine: Machine) -> dict[str, tuple[str, bool]]:
    """Folder of each controller and whether it is of version 2.

    A container sees its own group either at the path that it is told or, where that path belongs to
    the world outside, at the root of the mount.
    """
    base = machine.sys + "/fs/cgroup"
    found: dict[str, tuple[str, bool]] = {}
    for line in machine.text(machine.proc + "/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            for name, mark in (("memory", "memory.max"), ("cpu", "cpu.max")):
                for folder in (base + path.rstrip("/"), base):
                    if name not in found and os.path.exists(f"{folder}/{mark}"):
                        found[name] = (folder, True)
            continue
        for name in controllers.split(","):
            for folder in (f"{base}/{name}{path}".rstrip("/"), f"{base}/{name}"):
                if name in ("memory", "cpu", "cpuacct") and name not in found and os.path.isdir(folder):
                    found[name] = (folder, False)
    return found


def _pairs(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
