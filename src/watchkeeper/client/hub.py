"""The hub's API as typed calls.

    with Hub("http://127.0.0.1:8787", token) as hub:
        for host in hub.hosts():
            print(host.name, host.status)

Every call raises a WatchkeeperError with the hub's own hint; UnavailableError when it does not answer.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import httpx
import msgspec

from watchkeeper.base.errors import NotFoundError, UnavailableError, UsageError
from watchkeeper.base.nearest import nearest
from watchkeeper.client import errors, live, model

T = TypeVar("T")

TIMEOUT = 30.0
# The hub pings a live stream every 10 s.
SILENCE = 25.0


class Hub:
    """A connection to one hub. `ca` is a file with the certificate (PEM) that the hub's is checked against."""

    def __init__(self, url: str, token: str = "", ca: str = "", timeout: float = TIMEOUT) -> None:
        self.url = url.rstrip("/")
        verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca) if ca else url.startswith("https:")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with self._mapped():
            self._http = httpx.Client(base_url=self.url + "/api/v1", headers=headers, verify=verify, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def healthy(self) -> bool:
        """Whether it answers at all; never raises."""
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def state(self) -> model.HubState:
        return self._get("/hub", model.HubState)

    def metrics(self) -> list[model.Metric]:
        return self._get("/metrics", model.MetricList).metrics

    def sign_in(self, name: str, password: str) -> model.Session:
        """Open a session; its cookie serves the calls that follow."""
        self._http.headers["Wk-Csrf"] = "1"
        self._send("POST", "/session", {"name": name, "password": password})
        return self.session()

    def sign_out(self) -> None:
        self._send("DELETE", "/session")

    def session(self) -> model.Session:
        return self._get("/session", model.Session)

    def tokens(self) -> list[model.Token]:
        return self._get("/tokens", model.TokenList).tokens

    def add_token(self, name: str, expires: float | None = None) -> model.NewToken:
        body: dict[str, object] = {"name": name, **({} if expires is None else {"expires": expires})}
        return self._decoded(self._send("POST", "/tokens", body), model.NewToken)

    def remove_token(self, token_id: str) -> None:
        self._send("DELETE", f"/tokens/{token_id}")

    def hosts(self, tags: Sequence[str] = (), text: str = "") -> list[model.Host]:
        """All hosts, or those with all `tags` (each `key=value`) and `text` in their name."""
        params: dict[str, Any] = {**({"tag": list(tags)} if tags else {}), **({"q": text} if text else {})}
        return self._get("/hosts", model.HostList, params).hosts

    def host(self, name: str) -> model.Host:
        """The host of that name or id; NotFoundError names the nearest."""
        hosts = self.hosts()
        for host in hosts:
            if name in (host.name, host.id):
                return self._get(f"/hosts/{host.id}", model.Host)
        near = nearest(name, [host.name for host in hosts])
        hint = f"did you mean {near!r}?" if near else "wk hosts list shows them all"
        raise NotFoundError(f"there is no host {name!r}", hint)

    def add_host(self, name: str, tags: dict[str, str]) -> model.AddedHost:
        return self._decoded(self._send("POST", "/hosts", {"name": name, "tags": tags}), model.AddedHost)

    def change_host(self, host_id: str, changes: dict[str, object]) -> model.Host:
        """Set `name` or `tags`."""
        return self._decoded(self._send("PATCH", f"/hosts/{host_id}", changes), model.Host)

    def remove_host(self, host_id: str, name: str) -> None:
        """Remove a host and all its data; `name` is its name, typed again."""
        self._send("DELETE", f"/hosts/{host_id}", {"name": name})

    def series(self, host_id: str) -> list[model.SeriesFacts]:
        return self._get(f"/hosts/{host_id}/series", model.SeriesList).series

    def processes(self, host_id: str) -> model.Processes:
        return self._get(f"/hosts/{host_id}/processes", model.Processes)

    def collectors(self, host_id: str) -> list[model.Collector]:
        return self._get(f"/hosts/{host_id}/collectors", model.CollectorList).collectors

    def events(self, host_id: str, start: str, end: str, limit: int) -> list[model.Event]:
        params = {"from": start, "to": end, "limit": limit}
        return self._get(f"/hosts/{host_id}/events", model.EventList, params).events

    def query(
        self, host_id: str, series: Sequence[str], start: str, end: str, *, points: int = 500, rate: bool = False
    ) -> model.Range:
        """Series of one host; `start` and `end` are seconds since 1970 or relative (`-1h`, `now`)."""
        params = {
            "host": host_id,
            "series": list(series),
            "from": start,
            "to": end,
            "points": points,
            "as": "rate" if rate else "value",
        }
        return self._get("/query", model.Range, params)

    def live(self, host_id: str = "") -> Iterator[live.LiveEvent]:
        """Events as they come, of the fleet or of one host, until the caller stops or the connection breaks."""
        params = {"host": host_id} if host_id else None
        with self._mapped(), self._http.stream("GET", "/live", params=params, timeout=SILENCE) as response:
            if response.is_error:
                response.read()
                raise errors.from_response(response)
            yield from live.read_events(response.iter_lines())
        raise UnavailableError(f"the hub at {self.url} ended the live stream", "it may be restarting; try again")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise errors.from_transport(error, self.url) from error
        except httpx.InvalidURL as error:
            raise UsageError(f"{self.url} is no address of a hub: {error}", "such as http://127.0.0.1:8787") from error

    def _get(self, path: str, kind: type[T], params: dict[str, Any] | None = None) -> T:
        return self._decoded(self._send("GET", path, params=params), kind)

    def _send(
        self, method: str, path: str, body: object = None, params: dict[str, Any] | None = None
    ) -> httpx.Response:
        with self._mapped():
            response = self._http.request(method, path, json=body, params=params)
        if response.is_error:
            raise errors.from_response(response)
        return response

    def _decoded(self, response: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise UnavailableError(
                f"what answers at {self.url} is no Watchkeeper hub of this version: {error}", "check the address"
            ) from error
