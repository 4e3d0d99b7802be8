"""What a hub makes when it starts for the first time: an admin, this machine as a host, and two token files."""

from __future__ import annotations

import contextlib
import os
import platform
import sys

from watchkeeper.base.errors import StorageError
from watchkeeper.base.files import write_atomically
from watchkeeper.base.ids import secret
from watchkeeper.hub.identity.agents import mint
from watchkeeper.hub.identity.passwords import hash_password, readable_password
from watchkeeper.hub.storage.state_hosts import StateHosts
from watchkeeper.hub.storage.state_users import StateUsers

FIRST_LOGIN, LOCAL_TOKEN, LOCAL_AGENT_TOKEN = "first-login", "local-token", "local-agent-token"


def first_admin(users: StateUsers, folder: str) -> None:
    """Make `admin` when there is no user yet; its password is printed once.

    It also stands in <data>/first-login, readable by this user alone, until somebody signs in.
    """
    if users.all():
        return
    password = readable_password()
    users.add("admin", "admin", hash_password(password))
    text = f"name: admin\npassword: {password}\n"
    _write(os.path.join(folder, FIRST_LOGIN), text)
    sys.stderr.write(f"First sign-in\n{text}")
    sys.stderr.flush()


def forget_first_login(folder: str) -> None:
    """The first password was used: what was written down is not needed any more."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, FIRST_LOGIN))


def local_token(folder: str) -> str:
    """The token by which `wk` of this user on this machine is an admin; made when it is missing."""
    path = os.path.join(folder, LOCAL_TOKEN)
    text = _read(path)
    if len(text) != 68 or not text.startswith("wkt_"):
        text = secret("wkt_")
        _write(path, text + "\n")
    return text


def this_machine(hosts: StateHosts, folder: str, above: int) -> None:
    """Make this machine the first host when there is none, and leave its agent's token in a file.

    `above` is the greatest host key that the record store knows.
    """
    if hosts.all():
        return
    token, digest = mint()
    hosts.add(platform.node() or "this machine", {}, digest, above)
    _write(os.path.join(folder, LOCAL_AGENT_TOKEN), token + "\n")


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error}", "make it readable for the hub's user") from error


def _write(path: str, text: str) -> None:
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error}", "is the disk full or read-only?") from error
