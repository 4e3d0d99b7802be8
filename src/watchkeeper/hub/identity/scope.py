"""Who may see which hosts. Every read of hosts goes through `scope_of`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from watchkeeper.base.errors import ForbiddenError, NotFoundError
from watchkeeper.base.nearest import nearest
from watchkeeper.hub.live.hosts import LiveHost, LiveHosts
from watchkeeper.hub.model.hosts import User

ADMIN = "admin"


class Scope(msgspec.Struct, frozen=True):
    """What one caller may see: everything, or the hosts in `keys`. Nothing is named, nothing is seen."""

    everything: bool = False
    keys: frozenset[int] = frozenset()

    def sees(self, live: LiveHost) -> bool:
        return self.everything or live.host.key in self.keys

    def hosts(self, hosts: LiveHosts) -> list[LiveHost]:
        """The visible hosts by name."""
        return sorted((live for live in hosts.by_key.values() if self.sees(live)), key=lambda live: live.host.name)

    def host(self, hosts: LiveHosts, reference: str) -> LiveHost:
        """The host with this id or name. One that is not visible is not there."""
        live = hosts.by_id.get(reference)
        if live is not None and self.sees(live):
            return live
        visible = self.hosts(hosts)
        for other in visible:
            if other.host.name == reference:
                return other
        near = nearest(reference, [other.host.name for other in visible] + [other.host.id for other in visible])
        hint = f"did you mean {near!r}?" if near else "GET /api/v1/hosts lists the hosts"
        raise NotFoundError(f"there is no host {reference!r}", hint)


def scope_of(user: User) -> Scope:
    """An admin sees all hosts; a role that has been given none sees none."""
    return Scope(everything=user.role == ADMIN)


def must_administer(user: User, doing: str) -> None:
    """Raise ForbiddenError unless the user is an admin."""
    if user.role != ADMIN:
        raise ForbiddenError(f"{doing} needs the role admin; {user.name} is {user.role}", "ask an admin")


def with_tags(hosts: Iterable[LiveHost], tags: Iterable[str]) -> list[LiveHost]:
    """The hosts that carry all of `tags`, each `key=value` or `key`."""
    wanted = [tag.partition("=") for tag in tags]
    return [
        live
        for live in hosts
        if all((live.tags.get(key) == value) if equals else key in live.tags for key, equals, value in wanted)
    ]
