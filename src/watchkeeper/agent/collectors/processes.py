"""How many processes there are, in which states, and which take the most processor time and memory."""

from __future__ import annotations

import os

from watchkeeper.agent.names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

# Letters of /proc/<pid>/stat (proc(5)).
STATES = {
    b"R": "running",
    b"S": "sleeping",
    b"D": "blocked",
    b"T": "stopped",
    b"t": "stopped",
    b"Z": "zombie",
    b"X": "zombie",
    b"I": "idle",
}
TOP = 15
_COMMAND_BYTES = 256


class Processes:
    """Reads one file a process at each look; command and user only of the few in the table.

    A look at hundreds of processes costs more than all other collectors together. Once `sparing`, it takes one only
    where `want` was called since the last; in between it counts the processes and their states hold.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._names = {state: Names("state", "processes.state")[state][0] for state in STATES.values()}
        self._users: dict[int, str] = {}
        # By pid, of the last two looks: ticks of processor time, pages, state, threads, start in ticks after boot.
        self._last: dict[str, tuple[int, int, bytes, bytes, bytes]] = {}
        self._before: dict[str, tuple[int, int, bytes, bytes, bytes]] = {}
        self._looked = self._looked_before = 0.0
        self._states: dict[str, float] = {}
        self._wanted = True
        self.sparing = False

    def want(self) -> None:
        """Look at every process at the next call: the table is going to be asked for."""
        self._wanted = True

    def __call__(self, now: float) -> dict[str, float]:
        if self._wanted or not self.sparing:
            self._wanted = False
            self._look(now)
            return {**self._states, "processes.count": len(self._last)}
        count = sum(name[0].isdigit() for name in os.listdir(self._machine.proc))
        return {**self._states, "processes.count": count}

    def _look(self, now: float) -> None:
        self._before, self._looked_before = self._last, self._looked
        self._last, self._looked = self._scan(), now
        samples = dict.fromkeys(self._names.values(), 0.0)
        counts: dict[bytes, int] = {}
        for _, _, state, _, _ in self._last.values():
            counts[state] = counts.get(state, 0) + 1
        for state, count in counts.items():
            samples[self._names[STATES.get(state, "sleeping")]] += count
        self._states = samples

    def table(self) -> dict[str, object]:
        """The top processes of the last look; `cpu` is null where one look is all there was."""
        used = {pid: self._ticks_used(pid) for pid in self._last}
        # Of those that took nothing, the largest come first.
        by_cpu = sorted(used, key=lambda pid: (used[pid] or 0, self._last[pid][1]), reverse=True)[:TOP]
        by_memory = sorted(self._last, key=lambda pid: self._last[pid][1], reverse=True)[:TOP]
        booted = self._booted()
        rows = {pid: self._row(pid, used[pid], booted) for pid in {*by_cpu, *by_memory}}
        return {
            "count": len(self._last),
            "by_cpu": [rows[pid] for pid in by_cpu],
            "by_memory": [rows[pid] for pid in by_memory],
        }

    def _scan(self) -> dict[str, tuple[int, int, bytes, bytes, bytes]]:
        # Hundreds of reads at each tick: nothing here but what must be.
        found = {}
        proc, flags = self._machine.proc + "/", os.O_RDONLY | os.O_CLOEXEC
        open_, read, close = os.open, os.read, os.close
        for pid in os.listdir(proc):
            if not pid[0].isdigit():
                continue
            try:
                fd = open_(proc + pid + "/stat", flags)
            except OSError:
                continue  # It has ended, or hidepid hides it.
            try:
                data = read(fd, 512)
            except OSError:
                continue
            finally:
                close(fd)
            # A command may hold blanks and parentheses; the last one ends it.
            fields = data[data.rfind(b")") + 2 :].split(None, 22)
            if len(fields) > 21:
                used = int(fields[11]) + int(fields[12])
                found[pid] = (used, int(fields[21]), fields[0], fields[17], fields[19])
        return found

    def _ticks_used(self, pid: str) -> int | None:
        """Ticks since the look before; None for the first look, all of its life for a new process."""
        ticks, _, _, _, started = self._last[pid]
        before = self._before.get(pid)
        if before is not None and before[4] == started:
            return max(0, ticks - before[0])
        return ticks if self._before else None

    def _row(self, pid: str, used: int | None, booted: float) -> dict[str, object]:
        _, pages, state, threads, started = self._last[pid]
        elapsed = self._looked - self._looked_before
        name, command, user = self._identity(pid)
        percent = None if used is None or elapsed <= 0 else round(100.0 * used / self._machine.ticks / elapsed, 1)
        return {
            "pid": int(pid),
            "name": name,
            "command": command,
            "user": user,
            "cpu": percent,
            "memory": pages * self._machine.page,
            "state": STATES.get(state, "sleeping"),
            "threads": int(threads),
            "started": booted + int(started) / self._machine.ticks,
        }

    def _identity(self, pid: str) -> tuple[str, str, str]:
        """Name, command line and user; all empty when it ended meanwhile."""
        folder = f"{self._machine.proc}/{pid}"
        name, user = "", ""
        for line in self._machine.text(folder + "/status").splitlines():
            key, _, value = line.partition(":\t")
            if key == "Name":
                name = value
            elif key == "Uid":
                user = self._user(int(value.split()[1]))
                break
        return name, self._command(folder) or f"[{name}]", user

    def _command(self, folder: str) -> str:
        try:
            fd = os.open(folder + "/cmdline", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return ""
        try:
            return os.read(fd, _COMMAND_BYTES).replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            return ""
        finally:
            os.close(fd)

    def _user(self, uid: int) -> str:
        if uid not in self._users:
            self._users[uid] = _user_name(uid, self._machine.text(self._machine.etc + "/passwd"))
        return self._users[uid]

    def _booted(self) -> float:
        data = self._machine.read(self._machine.proc + "/stat")
        at = data.find(b"btime ")
        return float(data[at + 6 :].split(None, 1)[0]) if at >= 0 else 0.0


def _user_name(uid: int, passwd: str) -> str:
    """The local name of `uid`, else the one that the directory service knows, else the number."""
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) > 2 and fields[2] == str(uid):
            return fields[0]
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
