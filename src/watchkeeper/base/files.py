"""The few file operations that durability rests on, as one object that a test can make fail."""

from __future__ import annotations

import os

_EXTRA_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Files:
    """The real file system. Every call may raise OSError."""

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        return os.open(path, flags | _EXTRA_FLAGS, mode)

    def read(self, fd: int, length: int, offset: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end of the file."""
        parts: list[bytes] = []
        while length > 0:
            part = self._read_once(fd, length, offset)
            if not part:
                break
            parts.append(part)
            length -= len(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_once(self, fd: int, length: int, offset: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(fd, length, offset)
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, length)

    def write(self, fd: int, data: bytes) -> None:
        """Write all of `data` at the descriptor's position, or raise."""
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]

    def sync(self, fd: int) -> None:
        """Return when what was written through `fd` is on stable storage."""
        # macOS' fsync leaves data in the drive's cache; F_FULLFSYNC does not.
        if hasattr(os, "fdatasync"):
            os.fdatasync(fd)
        elif os.name == "nt":
            os.fsync(fd)
        else:
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # type: ignore[attr-defined,unused-ignore]

    def truncate(self, fd: int, length: int) -> None:
        os.ftruncate(fd, length)

    def size(self, fd: int) -> int:
        return os.fstat(fd).st_size

    def lock(self, fd: int) -> None:
        """Take the file for this process until `fd` is closed. Raises BlockingIOError when another has it."""
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self, fd: int) -> None:
        os.close(fd)

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def names(self, folder: str) -> list[str]:
        """What lies in `folder`, in alphabetical order."""
        return sorted(os.listdir(folder))

    def make_folder(self, path: str, mode: int = 0o700) -> None:
        """Create `path` and what leads to it, unless it is there."""
        os.makedirs(path, mode, exist_ok=True)

    def sync_folder(self, path: str) -> None:
        """Make creations, renames and removals inside `path` durable."""
        if os.name == "nt":
            return
        fd = os.open(path, os.O_RDONLY | _EXTRA_FLAGS)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def free_bytes(self, path: str) -> int:
        """Bytes that this process may still write where `path` lies."""
        stat = os.statvfs(path)
        return stat.f_bavail * stat.f_frsize


def write_atomically(path: str, data: bytes, mode: int = 0o600, files: Files | None = None) -> None:
    """Replace `path` by `data` so that a reader, or a crash, sees the old or the new whole."""
    files = files or Files()
    folder = os.path.dirname(path) or "."
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.{os.urandom(4).hex()}.new")
    fd = files.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        try:
            files.write(fd, data)
            files.sync(fd)
        finally:
            files.close(fd)
        files.rename(temporary, path)
    except BaseException:
        try:
            files.unlink(temporary)
        except OSError:
            pass
        raise
    files.sync_folder(folder)
