"""The few file operations that durability rests on, as one object that a test can make fail."""

from __future__ import annotations

import os


class Files:
    """The real file system. Every call may raise OSError."""

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        return os.open(path, flags | os.O_CLOEXEC, mode)

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
        else:
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # type: ignore[attr-defined,unused-ignore]

    def truncate(self, fd: int, length: int) -> None:
        os.ftruncate(fd, length)

    def close(self, fd: int) -> None:
        os.close(fd)

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def sync_folder(self, path: str) -> None:
        """Make creations, renames and removals inside `path` durable."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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
