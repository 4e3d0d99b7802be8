"""Small rules of the hub that need no hub to be tried."""

from __future__ import annotations

import gzip

import pytest

from watchkeeper.base.errors import FormatError, NotFoundError, TooLargeError, TooManyError, UnprocessableError
from watchkeeper.base.ids import secret
from watchkeeper.hub.api.times import parse_span, parse_time
from watchkeeper.hub.identity.agents import AgentTokens, mint
from watchkeeper.hub.identity.limits import SignInLimit
from watchkeeper.hub.identity.passwords import readable_password
from watchkeeper.hub.identity.scope import Scope, scope_of, with_tags
from watchkeeper.hub.ingest.decode import gunzip
from watchkeeper.hub.ingest.pace import BURST, Pace
from watchkeeper.hub.live.hosts import LiveHost, LiveHosts
from watchkeeper.hub.live.now import Plan
from watchkeeper.hub.live.status import spell, status
from watchkeeper.hub.model.hosts import Host, User
from watchkeeper.hub.model.records import Series
from watchkeeper.wire import records


def live_host(key: int = 1, name: str = "box", **tags: str) -> LiveHost:
    return LiveHost(Host(id=f"h_{key}", key=key, name=name, tags=tags, created=0.0))


def report(when: float, monotonic: float, boot: int = 1, *values: float) -> bytes:
    return records.pack_report(when, monotonic, 1, boot, values)[records.RECORD_HEADER.size :]


@pytest.mark.parametrize(
    ("received", "behind", "expected"),
    [
        (None, 0.0, "never"),
        (995.0, 0.0, "online"),
        (995.0, 7200.0, "late"),
        (970.0, 0.0, "late"),
        (800.0, 0.0, "offline"),
    ],
)
def test_status_follows_from_what_was_last_heard(received: float | None, behind: float, expected: str) -> None:
    found, reason = status(1000.0, received, 5.0, 120.0, 0.0, behind)

    assert found == expected
    assert reason


def test_a_host_is_not_called_offline_because_the_hub_was_away() -> None:
    assert status(1000.0, 400.0, 5.0, 120.0, 999.0, 0.0)[0] == "late"
    assert status(1200.0, 400.0, 5.0, 120.0, 999.0, 0.0)[0] == "offline"


def test_a_host_with_a_long_interval_is_not_offline_between_two_reports() -> None:
    assert status(1000.0, 500.0, 300.0, 120.0, 0.0, 0.0)[0] == "online"


def test_durations_read_well() -> None:
    assert [spell(seconds) for seconds in (45, 720, 12600, 200_000)] == ["45 s", "12 min", "3.5 h", "2 days"]


def test_within_one_boot_the_monotonic_clock_decides_what_is_newest() -> None:
    live = live_host()

    assert live.take(report(1000.0, 50.0), 1000.0)
    assert live.take(report(10.0, 55.0), 1005.0)
    assert not live.take(report(2000.0, 52.0), 1006.0)
    assert live.last_report == 10.0


def test_a_report_of_an_older_boot_is_not_news_while_the_newer_one_is_fresh() -> None:
    live = live_host()
    live.take(report(1000.0, 5.0, 2), 1000.0)

    assert not live.take(report(900.0, 9999.0, 1), 1001.0)
    assert live.take(report(900.0, 9999.0, 1), 1100.0)


def test_what_a_list_shows_is_taken_from_the_right_places() -> None:
    names = ["cpu.percent", "disk.percent{mount=/}", "disk.percent{mount=/home}"]
    names += ["network.receive{interface=lo}", "network.receive{interface=eth0}", "network.receive{interface=eth1}"]
    plan = Plan([Series(name, "gauge", "") for name in names])
    now = plan.now(report(1.0, 1.0, 1, 5.0, 40.0, 90.0, 1e9, 10.0, 20.0))

    assert (now["cpu"], now["disk"], now["disk_mount"], now["receive"]) == (5.0, 90.0, "/home", 30.0)
    assert (now["memory"], now["send"]) == (None, None)


def test_a_report_shorter_than_its_schema_leaves_the_rest_unknown() -> None:
    plan = Plan([Series("load.1", "gauge", ""), Series("cpu.percent", "gauge", "")])

    assert plan.now(report(1.0, 1.0, 1, 2.5))["cpu"] is None


def test_tags_of_the_agent_stand_below_those_given_in_the_hub() -> None:
    live = live_host(role="db")
    live.take_snapshot("facts", 1.0, {"tags": {"role": "web", "rack": "7"}, "interval": 5.0, "os": "Debian"})

    assert live.tags == {"role": "db", "rack": "7"}
    assert live.facts == {"os": "Debian"}


def test_an_empty_scope_sees_nothing_and_a_hidden_host_is_not_there() -> None:
    hosts = LiveHosts(120.0)
    for key in (1, 2):
        hosts.add(live_host(key, f"box-{key}").host)

    assert Scope().hosts(hosts) == []
    assert [live.host.key for live in Scope(keys=frozenset([2])).hosts(hosts)] == [2]
    with pytest.raises(NotFoundError) as failure:
        Scope(keys=frozenset([2])).host(hosts, "box-1")
    assert "box-2" in failure.value.hint


@pytest.mark.parametrize(("role", "everything"), [("admin", True), ("operator", False), ("viewer", False), ("", False)])
def test_only_an_admin_sees_everything(role: str, everything: bool) -> None:
    scope = scope_of(User(id="u", name="u", role=role))

    assert scope.everything is everything
    assert scope.keys == frozenset()


def test_hosts_are_chosen_by_all_of_the_tags() -> None:
    hosts = [live_host(1, "a", role="web", rack="1"), live_host(2, "b", role="web"), live_host(3, "c", role="db")]

    assert [live.host.key for live in with_tags(hosts, ["role=web", "rack"])] == [1]
    assert [live.host.key for live in with_tags(hosts, ["role=web"])] == [1, 2]


def test_agent_tokens_open_their_host_and_nothing_else() -> None:
    token, digest = mint()
    tokens = AgentTokens([(digest, 7)])

    assert tokens.host(b"Bearer " + token.encode()) == 7
    assert tokens.host(b"bearer " + token.encode()) == 7
    assert tokens.host(b"Basic " + token.encode()) is None
    assert tokens.host(b"Bearer " + secret("wka_").encode()) is None
    assert tokens.host(b"") is None
    tokens.remove_host(7)
    assert tokens.host(b"Bearer " + token.encode()) is None


def test_failed_sign_ins_wait_longer_each_time_and_a_success_forgives() -> None:
    now = [0.0]
    limit = SignInLimit(lambda: now[0])
    for _ in range(5):
        limit.check("admin")
        limit.failed("admin")
    with pytest.raises(TooManyError) as first:
        limit.check("admin")
    now[0] = 3.0
    limit.check("admin")
    limit.failed("admin")
    with pytest.raises(TooManyError) as second:
        limit.check("admin")
    limit.succeeded("admin")
    limit.check("admin")

    assert second.value.retry_after > first.value.retry_after


def test_a_host_that_posts_too_often_is_slowed_and_others_are_not() -> None:
    pace = Pace()
    for _ in range(int(BURST)):
        pace.check(1, 100.0)
    with pytest.raises(TooManyError):
        pace.check(1, 100.0)
    pace.check(2, 100.0)
    pace.check(1, 101.5)


def test_gunzip_stops_at_the_limit() -> None:
    assert gunzip(gzip.compress(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(TooLargeError):
        gunzip(gzip.compress(b"x" * 101), 100)
    with pytest.raises(FormatError):
        gunzip(gzip.compress(b"x" * 100)[:-1], 100)


@pytest.mark.parametrize(
    ("text", "expected"), [("now", 1000.0), ("-1h", -2600.0), ("now-90s", 910.0), ("123.5", 123.5), ("-2d", -171_800.0)]
)
def test_times_may_be_relative(text: str, expected: float) -> None:
    assert parse_time(text, 1000.0, "from") == expected


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e300", "-1x"])
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnprocessableError, match="from"):
        parse_time(text, 1000.0, "from")


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(UnprocessableError):
        parse_span("now", "-1h", 1000.0)


def test_first_passwords_are_readable_and_differ() -> None:
    passwords = {readable_password() for _ in range(100)}

    assert len(passwords) == 100
    assert all(len(password) == 19 and not set(password) & set("0o1il") for password in passwords)
