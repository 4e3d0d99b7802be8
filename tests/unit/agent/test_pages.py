"""Which pages may be let go of, and that letting go of them works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper.agent.pages import EVERY, FIRST, Pages, untouched

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no list of a process's pages")

RECORDED = """\
55d8c0000000-55d8c0008000 r--p 00000000 fe:00 11  /usr/bin/python3.11
Rss:                  32 kB
Anonymous:             0 kB
VmFlags: rd mr mw me sd
55d8c0008000-55d8c0009000 r-xp 00008000 fe:00 11  /usr/bin/a program with spaces
Anonymous:             0 kB
55d8c0009000-55d8c000a000 r--p 00009000 fe:00 11  /usr/lib/relocated.so
Anonymous:             4 kB
55d8c000a000-55d8c000b000 rw-p 0000a000 fe:00 11  /usr/lib/written.so
Anonymous:             0 kB
55d8c000b000-55d8c000c000 r--p 00000000 00:00 0
Anonymous:             0 kB
55d8c000c000-55d8c000d000 r-xp 00000000 00:00 0   [vdso]
Anonymous:             0 kB
55d8c000d000-55d8c000e000 r--s 00000000 fe:00 12  /usr/lib/shared.cache
Anonymous:             0 kB
"""

AGENT = """\
import ssl, sys
sys.path.insert(0, sys.argv[1])
from watchkeeper.agent.pages import FIRST, Pages

def mapped():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssFile"))

pages = Pages(0.0)
before = mapped()
pages.let_go_when_due(FIRST)
after = mapped()
assert ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).check_hostname
print(before, after)
"""


def test_only_what_is_mapped_for_reading_and_never_written_is_let_go_of(tmp_path: Path) -> None:
    (tmp_path / "smaps").write_text(RECORDED)
    assert untouched(str(tmp_path / "smaps")) == [
        (0x55D8C0000000, 0x55D8C0008000),
        (0x55D8C0008000, 0x55D8C0009000),
    ]


def test_without_a_list_there_is_nothing_to_let_go_of(tmp_path: Path) -> None:
    assert untouched(str(tmp_path / "missing")) == []


def test_it_is_done_after_the_start_and_then_now_and_again(tmp_path: Path) -> None:
    (tmp_path / "smaps").write_text(RECORDED)
    calls: list[tuple[int, int, int]] = []
    pages = Pages(100.0, str(tmp_path / "smaps"))
    pages._advise = lambda *call: calls.append(call) or 0  # type: ignore[func-returns-value]
    counts = []
    for now in (100.0, 100.0 + FIRST, 101.0 + FIRST, 100.0 + FIRST + EVERY):
        pages.let_go_when_due(now)
        counts.append(len(calls))
    assert counts == [0, 2, 2, 4]


@LINUX
def test_a_process_goes_on_with_fewer_pages() -> None:
    source = str(Path(__file__).parents[3] / "src")
    answer = subprocess.run(
        [sys.executable, "-I", "-c", AGENT, source], capture_output=True, text=True, check=True, timeout=30
    )
    before, after = map(int, answer.stdout.split())
    assert after < before * 0.7
