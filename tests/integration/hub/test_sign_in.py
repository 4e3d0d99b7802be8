"""Signing in, staying signed in, tokens, and the headers that keep browsers careful."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.processes import HubProcess, start_hub

CSRF = {"Wk-Csrf": "1"}


@pytest.fixture
def browser(hub: HubProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{hub.url}/api/v1", timeout=10) as client:
        answer = client.post("/session", json={"name": "admin", "password": hub.admin_password})
        assert answer.status_code == 200, answer.text
        yield client


def test_the_first_password_is_printed_once_and_its_file_goes_with_the_first_sign_in(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        note = hub.data / "first-login"
        assert hub.admin_password in note.read_text()
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        answer = httpx.post(
            f"{hub.url}/api/v1/session", json={"name": "Admin", "password": hub.admin_password}, timeout=10
        )
        assert answer.status_code == 200
        assert not note.exists()
        for path in hub.data.iterdir():
            if path.is_file():
                assert hub.admin_password.encode() not in path.read_bytes()
        url = hub.url
    with start_hub(tmp_path, int(url.rsplit(":", 1)[1])) as hub:
        assert len(re.findall("password:", hub.output())) == 1
        assert not (hub.data / "first-login").exists()


def test_a_session_lives_in_a_strict_http_only_cookie_and_is_stored_hashed(hub: HubProcess) -> None:
    answer = httpx.post(f"{hub.url}/api/v1/session", json={"name": "admin", "password": hub.admin_password}, timeout=10)
    cookie = answer.headers["set-cookie"]
    secret = answer.cookies["wk_session"]

    assert answer.json()["user"] == {"name": "admin", "role": "admin"}
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert len(secret) == 64
    for path in hub.data.glob("state.db*"):
        assert secret.encode() not in path.read_bytes()


def test_signing_out_ends_the_session_for_good(hub: HubProcess, browser: httpx.Client) -> None:
    secret = browser.cookies["wk_session"]
    assert browser.get("/session").status_code == 200
    assert browser.delete("/session", headers=CSRF).status_code == 204
    again = httpx.get(f"{hub.url}/api/v1/session", cookies={"wk_session": secret}, timeout=10)

    assert again.status_code == 401
    assert again.json()["hint"]


def test_a_change_with_a_cookie_needs_the_header_and_the_own_origin(browser: httpx.Client) -> None:
    assert browser.post("/hosts", json={"name": "forged"}).status_code == 403
    foreign = {**CSRF, "Origin": "http://evil.example"}
    assert browser.post("/hosts", json={"name": "forged"}, headers=foreign).status_code == 403
    assert browser.post("/hosts", json={"name": "meant"}, headers=CSRF).status_code == 201


def test_guessing_passwords_is_slowed_down(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        answers = [
            httpx.post(f"{hub.url}/api/v1/session", json={"name": "admin", "password": "wrong"}, timeout=10)
            for _ in range(6)
        ]
        unknown = httpx.post(f"{hub.url}/api/v1/session", json={"name": "nobody", "password": "x"}, timeout=10)

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    # The address has to wait as well, whatever the account.
    assert unknown.status_code == 429


def test_an_api_token_works_until_it_is_revoked(hub: HubProcess, browser: httpx.Client) -> None:
    made = browser.post("/tokens", json={"name": "laptop"}, headers=CSRF).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert made["token"].startswith("wkt_")
    assert httpx.get(f"{hub.url}/api/v1/hosts", headers=bearer, timeout=10).status_code == 200
    listed = browser.get("/tokens").json()["tokens"]
    assert [token["name"] for token in listed] == ["laptop"]
    assert listed[0]["last_used"]
    assert "token" not in listed[0]
    assert browser.delete(f"/tokens/{made['id']}", headers=CSRF).status_code == 204
    assert httpx.get(f"{hub.url}/api/v1/hosts", headers=bearer, timeout=10).status_code == 401


def test_changing_the_password_ends_all_other_sessions(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        sign_in = {"name": "admin", "password": hub.admin_password}
        base = f"{hub.url}/api/v1"
        with httpx.Client(base_url=base, timeout=10) as one, httpx.Client(base_url=base, timeout=10) as other:
            one.post("/session", json=sign_in)
            other.post("/session", json=sign_in)
            short = one.post("/session/password", json={"old": sign_in["password"], "new": "short"}, headers=CSRF)
            wrong = one.post("/session/password", json={"old": "no", "new": "long enough now"}, headers=CSRF)
            done = one.post(
                "/session/password", json={"old": sign_in["password"], "new": "long enough now"}, headers=CSRF
            )
            assert (short.status_code, wrong.status_code, done.status_code) == (422, 401, 204)
            assert one.get("/session").status_code == 200
            assert other.get("/session").status_code == 401
            assert other.post("/session", json=sign_in).status_code == 401
            assert other.post("/session", json={"name": "admin", "password": "long enough now"}).status_code == 200


def test_sessions_and_tokens_survive_a_restart(tmp_path: Path) -> None:
    with start_hub(tmp_path) as hub:
        port = int(hub.url.rsplit(":", 1)[1])
        answer = httpx.post(
            f"{hub.url}/api/v1/session", json={"name": "admin", "password": hub.admin_password}, timeout=10
        )
        token = hub.token
    with start_hub(tmp_path, port) as hub:
        cookies = {"wk_session": answer.cookies["wk_session"]}
        assert httpx.get(f"{hub.url}/api/v1/session", cookies=cookies, timeout=10).status_code == 200
        assert hub.token == token


def test_a_name_that_leads_here_from_elsewhere_is_refused(hub: HubProcess) -> None:
    for name, status in (("evil.example", 403), ("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:8787", 200)):
        assert httpx.get(f"{hub.url}/health", headers={"Host": name}, timeout=10).status_code == status


def test_every_answer_carries_the_headers_that_keep_browsers_careful(hub: HubProcess) -> None:
    for path in ("/", "/api/docs", "/api/v1/hosts", "/health", "/nowhere.js"):
        headers = httpx.get(f"{hub.url}{path}", timeout=10).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_files_outside_the_front_end_are_never_served(hub: HubProcess) -> None:
    for path in ("/../app.py", "/%2e%2e/app.py", "/assets/..%2f..%2fapp.py", "/..%5capp.py"):
        answer = httpx.get(f"{hub.url}{path}", timeout=10)
        assert b"class Hub" not in answer.content
