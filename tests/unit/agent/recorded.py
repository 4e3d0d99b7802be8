"""Trees of /proc, /sys, /etc and /run as machines showed them, written out for a test."""

from __future__ import annotations

import struct
from pathlib import Path

from watchkeeper.agent.machine import Machine

STAT = """\
cpu  1000 100 500 8000 200 50 150 0 40 10
cpu0 500 50 250 4000 100 25 75 0 20 5
cpu1 500 50 250 4000 100 25 75 0 20 5
intr 5000 1 2 3
ctxt 9000
btime 1700000000
processes 500
"""
STAT_LATER = """\
cpu  1030 100 510 8050 210 50 150 0 40 10
cpu0 525 50 255 4015 105 25 75 0 20 5
cpu1 505 50 255 4035 105 25 75 0 20 5
intr 5000 1 2 3
btime 1700000000
"""
MEMINFO = """\
MemTotal:        8000000 kB
MemFree:         1000000 kB
MemAvailable:    5000000 kB
Buffers:          200000 kB
Cached:          3000000 kB
SwapCached:            0 kB
SwapTotal:       2000000 kB
SwapFree:        1500000 kB
SReclaimable:     100000 kB
"""
DISKSTATS = """\
   7       0 loop0 10 0 100 5 0 0 0 0 0 5 5
 259       0 nvme0n1 1000 0 80000 400 2000 0 160000 900 0 700 1300
 259       1 nvme0n1p1 900 0 70000 390 1900 0 150000 890 0 690 1290
 254       0 vdb 0 0 0 0 0 0 0 0 0 0 0
"""
NET_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 9000 90 0 0 0 0 0 0 9000 90 0 0 0 0 0 0
  eth0: 100000 1000 1 2 0 0 0 0 50000 500 3 4 0 0 0 0
veth12: 700 7 0 0 0 0 0 0 700 7 0 0 0 0 0 0
 wlan0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
"""  # noqa: E501
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 10 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:A001 01 00000000:00000000 00:00000000 00000000    10        0 11 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:A001 0100007F:1F90 01 00000000:00000000 02:00000100 00000000  1000        0 12 2 0000000000000000 20 4 30 10 -1
   3: 0100007F:A002 0100007F:1F90 06 00000000:00000000 03:00000FE6 00000000     0        0 0 3 0000000000000000
   4: 0100007F:A003 0100007F:1F90 0C 00000000:00000000 03:00000FE6 00000000     0        0 0 3 0000000000000000
"""  # noqa: E501
MOUNTINFO = """\
22 1 259:1 / / rw,relatime - ext4 /dev/nvme0n1p1 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 0:22 / /sys rw - sysfs sysfs rw
25 22 0:23 / /dev/shm rw - tmpfs tmpfs rw
26 22 0:24 / /tmp rw - tmpfs tmpfs rw
27 22 259:1 /srv /srv/bound rw - ext4 /dev/nvme0n1p1 rw
28 22 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
29 22 0:40 / /mnt/nas\\040one rw - nfs4 nas:/export rw
30 22 259:3 / /data rw - xfs /dev/nvme1n1 rw
31 22 259:4 / /data rw - ext4 /dev/nvme2n1 rw
32 22 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
33 22 0:51 / /var/lib/lxcfs rw - fuse.lxcfs lxcfs rw
"""
PRESSURE = {
    "cpu": "some avg10=0.22 avg60=0.41 avg300=0.41 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "io": "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
}


class Tree:
    """A machine made of files below `root`: `put("proc/stat", text)`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("proc", "sys", "etc", "run"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.machine = Machine(*(str(root / folder) for folder in ("proc", "sys", "etc", "run")))
        self.machine.ticks = 100
        self.machine.page = 4096

    def put(self, path: str, content: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def process(
        self, pid: int, name: str, *, state: str = "S", ticks: int = 0, pages: int = 0, start: int = 10
    ) -> None:
        """One process with its stat, status and command line."""
        after = (
            f"{state} 1 {pid} {pid} 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 3 0 {start} 1000000 {pages} 18446744073709551615"
        )
        self.put(f"proc/{pid}/stat", f"{pid} ({name}) {after}\n")
        self.put(f"proc/{pid}/status", f"Name:\t{name}\nUmask:\t0022\nState:\t{state}\nUid:\t1000\t1000\t1000\t1000\n")
        self.put(f"proc/{pid}/cmdline", f"/usr/bin/{name}\0--flag\0")


def utmp(*entries: tuple[int, int], size: int) -> bytes:
    """Records of utmp as (type, pid)."""
    return b"".join(struct.pack("<h2xi", kind, pid).ljust(size, b"\0") for kind, pid in entries)
