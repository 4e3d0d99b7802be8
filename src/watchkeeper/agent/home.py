"""The agent's folder: who runs in it, how it fares, how the last run ended."""

from __future__ import annotations

import fcntl
import os

from watchkeeper.base import json
from watchkeeper.base.errors import ConflictError, StorageError
from watchkeeper.base.files import write_atomically

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.base.settings import Settings


def folder(settings: Settings) -> str:
    """Where the agent keeps its spool and state."""
    named = settings.text("agent.data")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    if os.geteuid() == 0:
        return "/var/lib/watchkeeper/agent"
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "watchkeeper", "agent")


class Home:
    """Files in `path`: `agent.pid` (locked while an agent runs), `status.json`, `last.json`, `agent.log`, `spool/`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.spool = os.path.join(path, "spool")
        self.log = os.path.join(path, "agent.log")
        self._pid = os.path.join(path, "agent.pid")
        self._status = os.path.join(path, "status.json")
        self._last = os.path.join(path, "last.json")
        self._lock = -1

    def take(self) -> None:
        """Declare this process the one agent of the folder. Raises ConflictError when another is."""
        try:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            fd = os.open(self._pid, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            hint = "set agent.data (WK_AGENT_DATA) to a folder that this user may write to"
            raise StorageError(f"the agent cannot use its folder {self.path}: {error.strerror}", hint) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            hint = "stop it first, or set agent.data (WK_AGENT_DATA) to another folder"
            raise ConflictError(f"an agent already runs in {self.path} (process {self.pid()})", hint) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._lock = fd

    def leave(self) -> None:
        """Let another agent take the folder."""
        if self._lock >= 0:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = -1

    def pid(self) -> int:
        """The process that runs here, 0 when none does. The lock tells; the number may be another's by now."""
        try:
            fd = os.open(self._pid, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return 0
        except BlockingIOError:
            text = os.pread(fd, 32, 0).strip()
            return int(text) if text.isdigit() else 0
        finally:
            os.close(fd)

    def write_status(self, status: dict[str, object]) -> None:
        """Replace `status.json`. It is written at each tick, so it is not synced: a crash may lose the newest."""
        temporary = self._status + ".new"
        try:
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, json.dumps(status))
            finally:
                os.close(fd)
            os.replace(temporary, self._status)
        except OSError:
            pass  # A full or read-only disk: the agent goes on, and its events tell.

    def status(self) -> dict[str, object]:
        """The newest `status.json`, empty when there is none that can be read."""
        return _read(self._status)

    def last_run(self) -> dict[str, object]:
        """`{"boot", "clean"}` of the run before this one, empty at the first."""
        return _read(self._last)

    def note_run(self, boot: str, clean: bool) -> None:
        """Remember the boot of this run and whether it has ended as it should, for the next one."""
        try:
            write_atomically(self._last, json.dumps({"boot": boot, "clean": clean}))
        except OSError:
            pass  # As above; the next start then takes it for a crash, which it may be.


def _read(path: str) -> dict[str, object]:
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
