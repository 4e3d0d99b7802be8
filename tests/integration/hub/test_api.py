"""The API as a whole: documented, closed to strangers, and described by itself."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.integration.hub.posting import Sender
from tests.support.processes import HubProcess
from watchkeeper.hub.api.app import ROUTES, application
from watchkeeper.wire import records

DOCUMENT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
OPEN = {("POST", "/api/v1/session"), ("GET", "/api/v1/health"), ("GET", "/health")}


def routes() -> list[tuple[str, str]]:
    """Method and path of every route of the API."""
    app: Litestar = application()
    found = [
        (method, re.sub(r":\w+}", "}", route.path))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in ("OPTIONS", "HEAD") and route.path not in ("/api", "/api/{path:str}")
    ]
    assert len(found) > len(ROUTES)
    return sorted(found)


@pytest.mark.parametrize(("method", "path"), routes())
def test_every_route_stands_in_the_document(method: str, path: str) -> None:
    short = path.removeprefix("/api/v1") if path.startswith("/api/v1/") else path
    pattern = re.escape(short).replace(r"\{host\}", r"\{id\}").replace(r"\{token\}", r"\{id\}")
    if path.startswith("/api/v1/") and path != "/api/v1/health":
        assert re.search(rf"`{method} {pattern}[?` ]", DOCUMENT), f"{method} {path} is not in docs/api.md"
    else:
        assert re.search(re.escape("/".join(path.split("/")[:3])), DOCUMENT), f"{path} is not in docs/api.md"


@pytest.mark.parametrize(("method", "path"), routes())
def test_every_route_but_health_session_and_the_page_needs_somebody_signed_in(
    hub: HubProcess, method: str, path: str
) -> None:
    filled = path.replace("{host}", "any").replace("{token}", "any")
    answer = httpx.request(
        method, hub.url + filled, json={} if method in ("POST", "PATCH", "DELETE") else None, timeout=10
    )

    if (method, path) in OPEN or path.startswith("/api/docs"):
        assert answer.status_code != 401 or path == "/api/v1/session"
    else:
        assert answer.status_code == 401, answer.text
        assert answer.json()["hint"]


def test_the_openapi_document_lists_the_calls_with_their_parameters(hub: HubProcess) -> None:
    answer = httpx.get(f"{hub.url}/api/openapi.json", headers={"Authorization": f"Bearer {hub.token}"}, timeout=10)
    names = {parameter["name"] for parameter in answer.json()["paths"]["/api/v1/query"]["get"]["parameters"]}

    assert names == {"host", "series", "from", "to", "points", "as"}


def test_the_page_to_try_it_loads_nothing_from_elsewhere(hub: HubProcess) -> None:
    for name in ("", "/script.js", "/style.css"):
        answer = httpx.get(f"{hub.url}/api/docs{name}", timeout=10)
        assert answer.status_code == 200
        assert not re.search(r"https?://|//[a-z]+\.", answer.text)
        assert "onclick" not in answer.text


def test_a_large_answer_is_compressed_when_asked(hub: HubProcess) -> None:
    headers = {"Authorization": f"Bearer {hub.token}", "Accept-Encoding": "gzip"}
    answer = httpx.get(f"{hub.url}/api/v1/metrics", headers=headers, timeout=10)

    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["metrics"]) > 50


def test_queries_answer_in_the_shapes_of_the_document(hub: HubProcess) -> None:
    hosts = []
    now = time.time()
    for name, level in (("one", 10.0), ("two", 30.0)):
        host, token = hub.add_host(name, {"role": "web", "rack": name})
        sender = Sender(hub.url, token)
        reports = [sender.report([level + n, 50.0, 1.0], now - 120 + 5 * n) for n in range(20)]
        assert sender.send(sender.seal(sender.schema_record(), *reports)).status_code == 200
        hosts.append(host)
    span = {"from": f"{now - 300}", "to": f"{now}"}
    latest = hub.get("/fleet/latest", metric="cpu.percent", tag="role=web")
    fleet = hub.get("/fleet/query", metric="cpu.percent", agg="mean,max,p95", top=1, tag="role=web", **span)
    compared = hub.get("/compare", host=hosts, series="cpu.percent", **span)
    listed = hub.get("/hosts", tag=["role=web", "rack=two"], sparkline=1)

    assert {entry["host"]: entry["value"] for entry in latest["values"]} == {hosts[0]: 29.0, hosts[1]: 49.0}
    assert latest["unit"] == "%"
    assert set(fleet["agg"]) == {"mean", "max", "p95"}
    assert len(fleet["times"]) == len(fleet["agg"]["mean"]) == len(fleet["count"])
    assert [top["host"] for top in fleet["top"]] == [hosts[1]]
    assert [entry["id"] for entry in compared["hosts"]] == hosts
    assert set(compared["hosts"][0]["range"]) == {"from", "to", "step", "resolution", "times", "series"}
    assert [host["id"] for host in listed["hosts"]] == [hosts[1]]
    assert len(listed["hosts"][0]["spark"]["cpu"]) == 60


def test_the_rate_of_a_counter_is_per_second_and_carries_its_unit(hub: HubProcess) -> None:
    host, token = hub.add_host("counting")
    sender = Sender(hub.url, token)
    sender.schema, sender.schema_payload = records.pack_schema(
        [("bytes.total", "counter", "B"), ("level", "gauge", "")]
    )
    now = time.time()
    reports = [sender.report([1e6 + 500.0 * n, 7.0], now - 120 + 5 * n) for n in range(20)]
    sender.send(sender.seal(sender.schema_record(), *reports))
    span = {"from": f"{now - 300}", "to": f"{now}", "as": "rate"}
    counter, level = hub.get("/query", host=host, series=["bytes.total", "level"], **span)["series"]

    assert _known(counter["mean"]) == pytest.approx([100.0] * 19)
    assert counter["unit"] == "B/s"
    assert set(_known(level["mean"])) == {7.0}
    assert level["unit"] == ""


def _known(values: list[Any]) -> list[float]:
    return [value for value in values if value is not None]


def test_hosts_can_be_renamed_and_tagged_and_names_stay_unique(hub: HubProcess) -> None:
    host, _ = hub.add_host("before")
    changed = hub.request("PATCH", f"/hosts/{host}", json={"name": "after", "tags": {"role": "db"}}).json()
    again = hub.request("POST", "/hosts", json={"name": "after"})

    assert (changed["name"], changed["tags"]) == ("after", {"role": "db"})
    assert again.status_code == 409
    assert hub.get("/hosts/after")["id"] == host


def test_pages_are_served_or_the_way_to_build_them_is_told(hub: HubProcess) -> None:
    answer = httpx.get(f"{hub.url}/hosts/some-host", timeout=10)

    assert answer.headers["content-type"].startswith("text/html")
    assert answer.status_code in (200, 503)
    assert httpx.get(f"{hub.url}/assets/none.js", timeout=10).status_code == 404
