"""Users that are logged in, from utmp (utmp(5)) or, where there is none, from systemd-logind."""

from __future__ import annotations

import os
import struct

from watchkeeper.agent.machine import MissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

_TYPE_AND_PID = struct.Struct("<h2xi")
_USER_PROCESS = 7
# glibc keeps 32-bit times in utmp only where 32-bit programs once ran on the same machine.
_RECORD = 400 if os.uname().machine in ("aarch64", "riscv64", "loongarch64") else 384


class Users:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __call__(self, now: float) -> dict[str, float]:
        path = self._machine.run + "/utmp"
        if os.path.exists(path):
            return {"users.sessions": self._utmp(self._machine.read(path))}
        folder = self._machine.run + "/systemd/sessions"
        if os.path.isdir(folder):
            return {"users.sessions": self._logind(folder)}
        raise MissingError("neither utmp nor systemd-logind keeps a list of sessions here")

    def _utmp(self, data: bytes) -> int:
        count = 0
        for offset in range(0, len(data) - _RECORD + 1, _RECORD):
            kind, pid = _TYPE_AND_PID.unpack_from(data, offset)
            # Entries of sessions that ended in a crash stay behind.
            count += kind == _USER_PROCESS and os.path.exists(f"{self._machine.proc}/{pid}")
        return count

    def _logind(self, folder: str) -> int:
        count = 0
        for name in self._machine.names(folder):
            lines = self._machine.text(f"{folder}/{name}").splitlines()
            count += "CLASS=user" in lines and "STATE=closing" not in lines
        return count
