"""Each collector on a recorded machine: the figures that a person would work out from the files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.unit.agent import recorded
from tests.unit.agent.recorded import Tree
from watchkeeper.agent import mounts
from watchkeeper.agent.collectors import users
from watchkeeper.agent.collectors.battery import Battery
from watchkeeper.agent.collectors.cpu import Cpu
from watchkeeper.agent.collectors.disks import Disks
from watchkeeper.agent.collectors.files import Files
from watchkeeper.agent.collectors.gpu import Gpu
from watchkeeper.agent.collectors.itself import Itself
from watchkeeper.agent.collectors.load import Load
from watchkeeper.agent.collectors.memory import Memory
from watchkeeper.agent.collectors.network import Network
from watchkeeper.agent.collectors.pressure import Pressure
from watchkeeper.agent.collectors.quota import Quota
from watchkeeper.agent.collectors.space import Space
from watchkeeper.agent.collectors.tcp import Tcp
from watchkeeper.agent.collectors.temperatures import Temperatures
from watchkeeper.agent.collectors.uptime import Uptime
from watchkeeper.agent.collectors.users import Users
from watchkeeper.agent.machine import MissingError


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_cpu_first_reading_is_unknown_not_zero(tree: Tree) -> None:
    tree.put("proc/stat", recorded.STAT)
    first = Cpu(tree.machine)(1.0)
    assert math.isnan(first["cpu.percent"])
    assert math.isnan(first["cpu.core.percent{core=1}"])
    assert first["cpu.cores"] == 2


def test_cpu_shares_count_guest_time_once_and_add_up(tree: Tree) -> None:
    cpu = Cpu(tree.machine)
    tree.put("proc/stat", recorded.STAT)
    cpu(1.0)
    tree.put("proc/stat", recorded.STAT_LATER)
    later = cpu(2.0)
    assert later["cpu.percent"] == pytest.approx(40.0)
    assert later["cpu.mode.percent{mode=user}"] == pytest.approx(30.0)
    assert later["cpu.mode.percent{mode=iowait}"] == pytest.approx(10.0)
    assert later["cpu.core.percent{core=0}"] == pytest.approx(60.0)
    assert later["cpu.core.percent{core=1}"] == pytest.approx(20.0)
    assert sum(value for name, value in later.items() if name.startswith("cpu.mode")) == pytest.approx(100.0)


def test_cpu_counter_that_went_back_is_unknown(tree: Tree) -> None:
    cpu = Cpu(tree.machine)
    tree.put("proc/stat", recorded.STAT_LATER)
    cpu(1.0)
    tree.put("proc/stat", recorded.STAT)
    assert math.isnan(cpu(2.0)["cpu.percent"])


def test_memory_and_swap_in_bytes_and_percent(tree: Tree) -> None:
    tree.put("proc/meminfo", recorded.MEMINFO)
    samples = Memory(tree.machine)(1.0)
    assert samples["memory.total"] == 8_000_000 * 1024
    assert samples["memory.used"] == 3_000_000 * 1024
    assert samples["memory.cached"] == 3_100_000 * 1024
    assert samples["memory.percent"] == pytest.approx(37.5)
    assert samples["swap.used"] == 500_000 * 1024
    assert samples["swap.percent"] == pytest.approx(25.0)


def test_machine_without_swap_has_no_percentage_of_it(tree: Tree) -> None:
    tree.put("proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 40 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
    samples = Memory(tree.machine)(1.0)
    assert samples["swap.total"] == 0
    assert "swap.percent" not in samples


def test_old_kernel_that_does_not_tell_what_is_available(tree: Tree) -> None:
    tree.put("proc/meminfo", "MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 25 kB\n")
    assert Memory(tree.machine)(1.0)["memory.available"] == 40 * 1024


def second_version(tree: Tree, path: str = "") -> None:
    tree.put("run/systemd/container", "docker\n")
    tree.put("proc/self/cgroup", f"0::/{path}\n")
    tree.put("proc/meminfo", recorded.MEMINFO)
    folder = f"sys/fs/cgroup/{path}".rstrip("/")
    tree.put(f"{folder}/memory.max", "1073741824\n")
    tree.put(f"{folder}/memory.current", "536870912\n")
    tree.put(f"{folder}/memory.stat", "anon 100\nfile 300000000\ninactive_file 268435456\n")
    tree.put(f"{folder}/cpu.max", "50000 100000\n")
    tree.put(f"{folder}/cpu.stat", "usage_usec 1000000\nuser_usec 1\n")


@pytest.mark.parametrize("path", ["", "kubepods/pod1"])
def test_in_a_container_of_cgroup_version_2_its_limits_count(tree: Tree, path: str) -> None:
    second_version(tree, path)
    samples = Memory(tree.machine)(1.0)
    assert samples["memory.total"] == 1 << 30
    assert samples["memory.used"] == 1 << 28
    assert samples["memory.cached"] == 300_000_000
    quota = Quota(tree.machine)
    assert math.isnan(quota(10.0)["cpu.quota.percent"])
    folder = f"sys/fs/cgroup/{path}".rstrip("/")
    tree.put(f"{folder}/cpu.stat", "usage_usec 2000000\nuser_usec 1\n")
    assert quota(14.0)["cpu.quota.percent"] == pytest.approx(50.0)


def test_in_a_container_of_cgroup_version_1_its_limits_count(tree: Tree) -> None:
    tree.put("proc/1/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n")
    tree.put("proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n")
    tree.put("proc/meminfo", recorded.MEMINFO)
    tree.put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824")
    tree.put("sys/fs/cgroup/memory/memory.usage_in_bytes", "536870912")
    tree.put("sys/fs/cgroup/memory/memory.stat", "total_cache 300000000\ntotal_inactive_file 268435456\n")
    tree.put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000")
    tree.put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000")
    tree.put("sys/fs/cgroup/cpuacct/cpuacct.usage", "5000000000")
    samples = Memory(tree.machine)(1.0)
    assert samples["memory.total"] == 1 << 30
    assert samples["memory.used"] == 1 << 28
    quota = Quota(tree.machine)
    quota(10.0)
    tree.put("sys/fs/cgroup/cpuacct/cpuacct.usage", "6000000000")
    assert quota(11.0)["cpu.quota.percent"] == pytest.approx(50.0)


def test_a_service_limit_on_a_plain_machine_does_not_pass_for_the_machine(tree: Tree) -> None:
    second_version(tree)
    (tree.root / "run/systemd/container").unlink()
    assert Memory(tree.machine)(1.0)["memory.total"] == 8_000_000 * 1024
    with pytest.raises(MissingError, match="not in a container"):
        Quota(tree.machine)(1.0)


def test_container_without_a_limit_shows_the_machine(tree: Tree) -> None:
    second_version(tree)
    tree.put("sys/fs/cgroup/memory.max", "max\n")
    tree.put("sys/fs/cgroup/cpu.max", "max 100000\n")
    assert Memory(tree.machine)(1.0)["memory.total"] == 8_000_000 * 1024
    with pytest.raises(MissingError):
        Quota(tree.machine)(1.0)


def test_load_uptime_and_open_files(tree: Tree) -> None:
    tree.put("proc/loadavg", "0.50 1.25 2.00 1/84 12345\n")
    tree.put("proc/uptime", "12345.67 999.00\n")
    tree.put("proc/sys/fs/file-nr", "592\t12\t2466170\n")
    assert Load(tree.machine)(1.0) == {"load.1": 0.5, "load.5": 1.25, "load.15": 2.0}
    assert Uptime(tree.machine)(1.0) == {"system.uptime": 12345.67}
    assert Files(tree.machine)(1.0) == {"files.open": 580, "files.limit": 2466170}


def test_pressure_is_the_share_of_time_since_the_last_look(tree: Tree) -> None:
    pressure = Pressure(tree.machine)
    for resource, text in recorded.PRESSURE.items():
        tree.put(f"proc/pressure/{resource}", text.format(1_000_000))
    first = pressure(10.0)
    assert math.isnan(first["pressure.percent{kind=some,resource=cpu}"])
    for resource, text in recorded.PRESSURE.items():
        tree.put(f"proc/pressure/{resource}", text.format(1_500_000))
    later = pressure(15.0)
    assert later["pressure.percent{kind=some,resource=cpu}"] == pytest.approx(10.0)
    assert later["pressure.percent{kind=full,resource=io}"] == 0.0
    assert "pressure.percent{kind=full,resource=cpu}" not in later


def test_kernel_without_pressure_says_so(tree: Tree) -> None:
    with pytest.raises(MissingError, match="pressure/cpu"):
        Pressure(tree.machine)(1.0)


def test_mounts_leave_out_pseudo_images_binds_and_what_is_hidden() -> None:
    found = mounts.parse(recorded.MOUNTINFO.encode())
    assert [(mount.point, mount.kind, mount.remote) for mount in found] == [
        ("/", "ext4", False),
        ("/data", "ext4", False),
        ("/mnt/nas one", "nfs4", True),
        ("/tmp", "tmpfs", False),
    ]


def test_space_agrees_with_df(tree: Tree) -> None:
    import os

    tree.put("proc/self/mountinfo", "22 1 259:1 / / rw,relatime - ext4 /dev/sda1 rw\n")
    samples = Space(tree.machine)(1.0)
    stat = os.statvfs("/")
    assert samples["disk.total{mount=/}"] == stat.f_blocks * stat.f_frsize
    used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    free = stat.f_bavail * stat.f_frsize
    assert samples["disk.percent{mount=/}"] == pytest.approx(100 * used / (used + free), abs=1)


def test_disks_count_whole_devices_that_did_something(tree: Tree) -> None:
    disks = Disks(tree.machine)
    tree.put("sys/class/block/nvme0n1p1/partition", "1\n")
    tree.put("proc/diskstats", recorded.DISKSTATS)
    first = disks(10.0)
    assert {name.partition("{")[2] for name in first} == {"device=nvme0n1}"}
    assert all(math.isnan(value) for value in first.values())
    moved = recorded.DISKSTATS.replace(
        "nvme0n1 1000 0 80000 400 2000 0 160000 900 0 700 1300",
        "nvme0n1 1050 0 80200 400 2010 0 160020 900 0 1200 1300",
    )
    tree.put("proc/diskstats", moved)
    later = disks(15.0)
    assert later["disk.reads{device=nvme0n1}"] == pytest.approx(10.0)
    assert later["disk.read{device=nvme0n1}"] == pytest.approx(200 * 512 / 5)
    assert later["disk.writes{device=nvme0n1}"] == pytest.approx(2.0)
    assert later["disk.write{device=nvme0n1}"] == pytest.approx(20 * 512 / 5)
    assert later["disk.busy{device=nvme0n1}"] == pytest.approx(10.0)


def test_network_rates_and_an_interface_whose_counters_were_reset(tree: Tree) -> None:
    network = Network(tree.machine)
    tree.put("proc/net/dev", recorded.NET_DEV)
    assert {name.partition("{")[2] for name in network(10.0)} == {"interface=eth0}"}
    tree.put("proc/net/dev", recorded.NET_DEV.replace("100000 1000", "110000 1100"))
    later = network(12.0)
    assert later["network.receive{interface=eth0}"] == pytest.approx(5000.0)
    assert later["network.receive.packets{interface=eth0}"] == pytest.approx(50.0)
    assert later["network.send.drops{interface=eth0}"] == 0.0
    tree.put("proc/net/dev", recorded.NET_DEV.replace("100000 1000", "10 1100"))
    reset = network(14.0)
    assert math.isnan(reset["network.receive{interface=eth0}"])
    assert reset["network.send{interface=eth0}"] == 0.0


def test_tcp_counts_states_and_nothing_that_looks_like_one(tree: Tree) -> None:
    tree.put("proc/net/tcp", recorded.TCP)
    tree.put("proc/net/tcp6", recorded.TCP)
    samples = Tcp(tree.machine)(1.0)
    assert samples["tcp.connections{state=listen}"] == 2
    assert samples["tcp.connections{state=established}"] == 4
    assert samples["tcp.connections{state=time_wait}"] == 2
    assert samples["tcp.connections{state=syn_recv}"] == 2
    assert samples["tcp.connections{state=close_wait}"] == 0
    assert sum(samples.values()) == 10


def test_tcp_without_ipv6(tree: Tree) -> None:
    tree.put("proc/net/tcp", recorded.TCP)
    assert Tcp(tree.machine)(1.0)["tcp.connections{state=established}"] == 2


def test_temperatures_from_hwmon_with_twins_told_apart(tree: Tree) -> None:
    for number in (0, 1):
        tree.put(f"sys/class/hwmon/hwmon{number}/name", "nvme\n")
        tree.put(f"sys/class/hwmon/hwmon{number}/temp1_input", f"{40 + number}500\n")
        tree.put(f"sys/class/hwmon/hwmon{number}/temp1_label", "Composite\n")
    assert Temperatures(tree.machine)(1.0) == {
        "temperature{sensor=nvme Composite}": 40.5,
        "temperature{sensor=nvme Composite #2}": 41.5,
    }


def test_temperatures_from_thermal_zones_where_there_is_no_hwmon(tree: Tree) -> None:
    tree.put("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    tree.put("sys/class/thermal/thermal_zone0/temp", "48312\n")
    assert Temperatures(tree.machine)(1.0) == {"temperature{sensor=cpu-thermal}": 48.312}


def test_battery_of_the_machine_but_not_of_its_mouse(tree: Tree) -> None:
    for name, scope in (("BAT0", "System"), ("hidpp_battery_0", "Device")):
        tree.put(f"sys/class/power_supply/{name}/type", "Battery\n")
        tree.put(f"sys/class/power_supply/{name}/scope", scope)
        tree.put(f"sys/class/power_supply/{name}/capacity", "81\n")
        tree.put(f"sys/class/power_supply/{name}/status", "Discharging\n")
    tree.put("sys/class/power_supply/AC/type", "Mains\n")
    assert Battery(tree.machine)(1.0) == {"battery.percent{battery=BAT0}": 81, "battery.charging{battery=BAT0}": 0}


@pytest.mark.parametrize("collector", [Temperatures, Battery, Users])
def test_what_a_machine_does_not_have_is_missing_not_zero(tree: Tree, collector: type) -> None:
    with pytest.raises(MissingError):
        collector(tree.machine)(1.0)


def test_users_from_utmp_without_those_whose_process_is_gone(tree: Tree) -> None:
    (tree.root / "proc/100").mkdir()
    tree.put("run/utmp", recorded.utmp((2, 0), (7, 100), (7, 101), (8, 100), size=users._RECORD))
    assert Users(tree.machine)(1.0) == {"users.sessions": 1}


def test_users_from_logind_where_there_is_no_utmp(tree: Tree) -> None:
    tree.put("run/systemd/sessions/1", "UID=1000\nCLASS=user\nSTATE=active\n")
    tree.put("run/systemd/sessions/2", "UID=1000\nCLASS=user\nSTATE=closing\n")
    tree.put("run/systemd/sessions/c1", "UID=112\nCLASS=greeter\nSTATE=active\n")
    assert Users(tree.machine)(1.0) == {"users.sessions": 1}


def test_gpu_figures_from_what_nvidia_smi_prints(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support.processes import wait_until

    program = tree.root / "bin/nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '0, 37, 2048, 8192, 61, 120.50'\necho '1, [N/A], 0, 8192, 40, [N/A]'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    import time

    gpu = Gpu(tree.machine, every=60.0)
    samples = wait_until(lambda: gpu(time.monotonic()), 10, "an answer of nvidia-smi")
    assert samples["gpu.percent{gpu=0}"] == 37
    assert samples["gpu.memory.used{gpu=0}"] == 2 << 30
    assert samples["gpu.memory.percent{gpu=0}"] == 25.0
    assert samples["gpu.power{gpu=0}"] == 120.5
    assert math.isnan(samples["gpu.percent{gpu=1}"])
    gpu.end()


def test_machine_without_a_gpu_says_so(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree.root))
    with pytest.raises(MissingError, match="no nvidia-smi"):
        Gpu(tree.machine)(1.0)


def test_the_agent_measures_itself() -> None:
    from watchkeeper.agent.machine import Machine

    itself = Itself(Machine(), lambda: {"agent.spool.size": 7.0})
    first = itself(1.0)
    assert math.isnan(first["agent.cpu.percent"])
    assert first["agent.memory"] > 1 << 20
    assert first["agent.spool.size"] == 7.0
    assert 0.0 <= itself(2.0)["agent.cpu.percent"] < 1000.0


def test_what_only_root_may_read_is_said_in_words(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("watchkeeper.agent.machine.slurp", refuse)
    with pytest.raises(MissingError, match=r"needs root to read .*/loadavg"):
        Load(tree.machine)(1.0)
