"""File systems worth watching, from /proc/self/mountinfo (proc(5))."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

NETWORK = ("nfs", "cifs", "smb", "9p", "ceph", "glusterfs", "lustre", "afs", "ncp", "fuse", "davfs", "beegfs", "gpfs")
# Images that are full by nature.
_READ_ONLY = ("squashfs", "iso9660", "erofs", "udf", "cramfs")
_MEMORY_DEVICES = ("/dev/loop", "/dev/ram")
_WITHOUT_DEVICE = ("zfs", "btrfs", "bcachefs", "overlay", "aufs")


class Mount:
    """A mounted file system. A `remote` one may hang whoever looks at it."""

    __slots__ = ("device", "kind", "point", "remote", "source")

    def __init__(self, point: str, kind: str, source: str, device: str) -> None:
        self.point = point
        self.kind = kind
        self.source = source
        self.device = device
        self.remote = kind != "fuseblk" and kind.startswith(NETWORK)


def mounts(machine: Machine) -> list[Mount]:
    """Each file system once, at its shortest mount point, in order of the mount points."""
    return parse(machine.read(machine.proc + "/self/mountinfo"))


def parse(data: bytes) -> list[Mount]:
    by_point: dict[str, Mount] = {}
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        fields = line.split(" ")
        dash = fields.index("-", 6)
        kind, source = fields[dash + 1], _unescaped(fields[dash + 2])
        point = _unescaped(fields[4])
        # What is mounted later on the same point hides what was there.
        by_point[point] = Mount(point, kind, source, fields[2])
    by_device: dict[str, Mount] = {}
    for mount in sorted(by_point.values(), key=lambda mount: (len(mount.point), mount.point)):
        if _watched(mount):
            by_device.setdefault(mount.device, mount)
    return sorted(by_device.values(), key=lambda mount: mount.point)


def _watched(mount: Mount) -> bool:
    if mount.kind in _READ_ONLY or mount.source.startswith(_MEMORY_DEVICES):
        return False
    if mount.kind == "tmpfs":
        # Of all that lies in memory, programs fill only this.
        return mount.point == "/tmp"  # noqa: S108
    if mount.kind in ("overlay", "aufs"):
        # The root of the container that the agent runs in; others belong to containers beside it.
        return mount.point == "/"
    if mount.kind.startswith(("fuse.lxcfs", "fuse.gvfsd", "fuse.portal", "fusectl", "fuse.snapfuse")):
        return False
    return mount.remote or mount.kind in _WITHOUT_DEVICE or mount.source.startswith("/dev/")


def is_folder(mount: Mount) -> bool:
    """False for a file that a container has mounted over one of its own, such as /etc/hosts."""
    return mount.remote or os.path.isdir(mount.point)


def _unescaped(field: str) -> str:
    """The kernel writes blanks, tabs, line ends and backslashes as octal."""
    if "\\" not in field:
        return field
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field
