"""The process table: who takes the most, by which name, for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.agent.recorded import Tree
from watchkeeper.agent.collectors.processes import TOP, Processes


def machine(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path)
    tree.put("proc/stat", "cpu  1 1 1 1\nbtime 1700000000\n")
    tree.put("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
    return tree


def rows(table: dict[str, object], key: str) -> list[dict[str, Any]]:
    found = table[key]
    assert isinstance(found, list)
    return found


def test_processes_are_counted_by_state(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    for pid, state in ((1, "S"), (2, "I"), (3, "R"), (4, "D"), (5, "Z"), (6, "t"), (7, "S")):
        tree.process(pid, f"p{pid}", state=state)
    samples = Processes(tree.machine)(1.0)
    assert samples["processes.count"] == 7
    assert samples["processes.state{state=sleeping}"] == 2
    assert samples["processes.state{state=stopped}"] == 1
    assert sum(value for name, value in samples.items() if "state=" in name) == 7


def test_first_look_has_no_processor_share_but_memory(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.process(10, "busy", ticks=1000, pages=100)
    processes = Processes(tree.machine)
    processes(1.0)
    row = rows(processes.table(), "by_memory")[0]
    assert row["cpu"] is None
    assert row["memory"] == 100 * 4096


def test_the_table_ranks_by_what_was_used_since_the_last_look(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    for pid in range(1, 31):
        tree.process(pid, f"p{pid}", ticks=1000 * pid, pages=pid)
    processes = Processes(tree.machine)
    processes(100.0)
    tree.process(3, "p3", ticks=3250, pages=3)
    tree.process(5, "p5", ticks=5100, pages=5)
    processes(105.0)
    table = processes.table()
    by_cpu = rows(table, "by_cpu")
    assert [row["pid"] for row in by_cpu[:3]] == [3, 5, 30]
    assert by_cpu[0]["cpu"] == 50.0
    assert by_cpu[1]["cpu"] == 20.0
    assert len(by_cpu) == TOP
    assert [row["pid"] for row in rows(table, "by_memory")[:2]] == [30, 29]
    assert table["count"] == 30


def test_a_row_tells_name_command_user_and_start(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.process(10, "web server) S 1", state="R", start=500)
    tree.put("proc/10/status", "Name:\tweb\nUid:\t1000\t1000\t1000\t1000\n")
    processes = Processes(tree.machine)
    processes(1.0)
    row = rows(processes.table(), "by_cpu")[0]
    assert row["name"] == "web"
    assert row["command"] == "/usr/bin/web server) S 1 --flag"
    assert row["user"] == "ann"
    assert row["state"] == "running"
    assert row["threads"] == 3
    assert row["started"] == 1_700_000_005.0


def test_a_kernel_thread_without_a_command_line_shows_its_name_in_brackets(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.process(2, "kthreadd")
    tree.put("proc/2/cmdline", "")
    processes = Processes(tree.machine)
    processes(1.0)
    assert rows(processes.table(), "by_cpu")[0]["command"] == "[kthreadd]"


def test_a_number_that_another_process_took_over_is_a_new_process(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.process(10, "old", ticks=9000, start=10)
    processes = Processes(tree.machine)
    processes(1.0)
    tree.process(10, "new", ticks=50, start=700)
    processes(2.0)
    assert rows(processes.table(), "by_cpu")[0]["cpu"] == 50.0


def test_a_process_that_ends_while_it_is_looked_at_does_no_harm(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.process(10, "here", pages=5)
    (tmp_path / "proc/11").mkdir()
    tree.put("proc/12/stat", "12 (cut")
    processes = Processes(tree.machine)
    assert processes(1.0)["processes.count"] == 1
    for name in ("stat", "status", "cmdline"):
        (tmp_path / "proc/10" / name).unlink()
    assert rows(processes.table(), "by_cpu")[0]["user"] == ""


def test_once_sparing_it_looks_only_when_wanted_and_counts_in_between(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    tree.process(10, "one", ticks=0)
    processes = Processes(tree.machine)
    processes.sparing = True
    processes(0.0)
    tree.process(10, "one", ticks=150, state="R")
    tree.process(11, "two")
    between = processes(5.0)
    assert between["processes.count"] == 2
    assert between["processes.state{state=running}"] == 0
    processes.want()
    later = processes(30.0)
    assert later["processes.state{state=running}"] == 1
    assert rows(processes.table(), "by_cpu")[0]["cpu"] == 5.0, "over the whole time since the last look"
