"""Runs a program with a limit on its time and its output, and leaves nothing of it behind."""

from __future__ import annotations

import os
import select
import time
from signal import SIGKILL

_NICE = 10


class Output:
    """How a program ended: `status` (negative: the signal), what it printed, and `problem` in words or ""."""

    __slots__ = ("err", "out", "problem", "status")

    def __init__(self, status: int, out: bytes, err: bytes, problem: str) -> None:
        self.status = status
        self.out = out
        self.err = err
        self.problem = problem


def run(command: list[str], seconds: float, out_bytes: int = 1 << 20, err_bytes: int = 4096) -> Output:
    """Run `command` at low priority in a process group of its own; kill the whole group after `seconds`.

    A program that prints more than `out_bytes` is killed; of its errors the first `err_bytes` are kept.
    """
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    try:
        pid = os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, out_write, 1),
                (os.POSIX_SPAWN_DUP2, err_write, 2),
            ],
            setpgroup=0,
        )
    except OSError as error:
        os.close(out_read)
        os.close(err_read)
        return Output(-1, b"", b"", f"cannot be started: {error.strerror}")
    finally:
        os.close(out_write)
        os.close(err_write)
    try:
        _lower(pid)
        out, err, problem = _gather(out_read, err_read, time.monotonic() + seconds, (out_bytes, err_bytes))
        if not problem and not _exited(pid, time.monotonic() + seconds):
            problem = "timeout"
        if problem == "timeout":
            problem = f"was killed after {seconds:g} s"
        status = _end(pid)
    finally:
        os.close(out_read)
        os.close(err_read)
    return Output(status, out, err, problem or _ending(status, err))


def _lower(pid: int) -> None:
    try:
        os.setpriority(os.PRIO_PGRP, pid, _NICE)
    except OSError:
        pass  # It is over already, or the system does not allow it: no reason not to run it.


def _gather(out: int, err: int, deadline: float, limits: tuple[int, int]) -> tuple[bytes, bytes, str]:
    """Both outputs until they are closed, and what cut the reading short."""
    parts: dict[int, list[bytes]] = {out: [], err: []}
    sizes = {out: 0, err: 0}
    poll = select.poll()
    poll.register(out, select.POLLIN)
    poll.register(err, select.POLLIN)
    open_count, problem = 2, ""
    while open_count and not problem:
        ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not ready:
            problem = "timeout"
        for fd, _ in ready:
            data = os.read(fd, 65536)
            if not data:
                poll.unregister(fd)
                open_count -= 1
            sizes[fd] += len(data)
            if fd == err:
                data = data[: max(0, limits[1] - sizes[err] + len(data))]
            elif sizes[out] > limits[0]:
                problem = f"printed more than {limits[0]} bytes and was killed"
            parts[fd].append(data)
    return b"".join(parts[out]), b"".join(parts[err]), problem


def _exited(pid: int, deadline: float) -> bool:
    """Wait, without reaping, until the process has ended; its number stays taken, so its group can be killed."""
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _end(pid: int) -> int:
    """Kill what is left of the group, and give how the program ended."""
    try:
        os.killpg(pid, SIGKILL)
    except OSError:
        pass  # Nothing is left.
    _, raw = os.waitpid(pid, 0)
    return os.WEXITSTATUS(raw) if os.WIFEXITED(raw) else -os.WTERMSIG(raw)


def _ending(status: int, err: bytes) -> str:
    if status == 0:
        return ""
    first = err.decode("utf-8", "replace").strip().split("\n", 1)[0]
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"{how}: {first}" if first else how
