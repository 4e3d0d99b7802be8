"""What does not change from tick to tick: the system, its processor, its addresses, this agent."""

from __future__ import annotations

import os
import sys
from socket import AF_INET6, inet_ntop

from watchkeeper import __version__
from watchkeeper.agent.cgroup import container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchkeeper.agent.machine import Machine

# What vendors write into the firmware's tables, in lower case.
_VENDORS = (
    ("vmware", "vmware"),
    ("qemu", "kvm"),
    ("kvm", "kvm"),
    ("virtualbox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("xen", "xen"),
    ("microsoft corporation virtual", "hyper-v"),
    ("amazon ec2", "amazon ec2"),
    ("google compute engine", "google compute engine"),
    ("hetzner", "kvm"),
    ("digitalocean", "kvm"),
    ("openstack", "openstack"),
    ("parallels", "parallels"),
    ("bhyve", "bhyve"),
)


def facts(machine: Machine, interval: float, tags: dict[str, object]) -> dict[str, object]:
    """All facts as the snapshot `facts` holds them; `memory` in bytes, `boot_time` in seconds since 1970."""
    system = os.uname()
    model, cores, virtual = _processor(machine)
    return {
        "hostname": system.nodename,
        "os": _system_name(machine) or system.sysname,
        "kernel": system.release,
        "arch": system.machine,
        "cpu": model,
        "cores": cores or os.cpu_count() or 1,
        "memory": _memory(machine),
        "container": container(machine),
        "virtualisation": _virtualisation(machine) or ("virtual machine" if virtual else ""),
        "boot_time": _boot_time(machine),
        "addresses": addresses(machine),
        "agent": {"version": __version__, "python": "{}.{}.{}".format(*sys.version_info[:3])},
        "interval": interval,
        "tags": {key: str(value) for key, value in tags.items()},
        "user": "root" if os.geteuid() == 0 else str(os.geteuid()),
    }


def addresses(machine: Machine) -> list[str]:
    """Addresses of this machine but loopback and link-local ones."""
    found: list[str] = []
    # Each local address stands on the line before its "/32 host LOCAL".
    before = ""
    for line in machine.text(machine.proc + "/net/fib_trie").splitlines():
        if "/32 host LOCAL" in line:
            address = before.rsplit(maxsplit=1)[-1] if before else ""
            if address and not address.startswith(("127.", "169.254.")) and address not in found:
                found.append(address)
        before = line
    for line in machine.text(machine.proc + "/net/if_inet6").splitlines():
        digits, _, _, scope, *_ = line.split()
        if scope == "00":
            found.append(_shortened(digits))
    return found


def boot_id(machine: Machine) -> str:
    """Text that changes with each boot, "" where there is none."""
    return machine.text(machine.proc + "/sys/kernel/random/boot_id")


def _shortened(digits: str) -> str:
    return inet_ntop(AF_INET6, bytes.fromhex(digits))


def _system_name(machine: Machine) -> str:
    for line in machine.text(machine.etc + "/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line[12:].strip().strip("\"'")
    return ""


def _processor(machine: Machine) -> tuple[str, int, bool]:
    """Model, number of processors, and whether they belong to a virtual machine."""
    model, cores, virtual = "", 0, False
    for line in machine.text(machine.proc + "/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        key = key.strip()
        if key == "processor":
            cores += 1
        elif key in ("model name", "Model", "Hardware", "cpu model") and not model:
            model = " ".join(value.split())
        elif key == "flags" and not virtual:
            virtual = " hypervisor" in value
    return model, cores, virtual


def _memory(machine: Machine) -> int | None:
    for line in machine.text(machine.proc + "/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return None


def _virtualisation(machine: Machine) -> str:
    folder = machine.sys + "/class/dmi/id"
    text = " ".join(machine.text(f"{folder}/{name}") for name in ("sys_vendor", "product_name", "bios_vendor")).lower()
    return next((kind for mark, kind in _VENDORS if mark in text), "")


def _boot_time(machine: Machine) -> float | None:
    for line in machine.text(machine.proc + "/stat").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return None
