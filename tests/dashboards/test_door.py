"""The door: what is open, what needs a session, what needs its token; the same over every path that is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.access.lockout import FREE
from dashboards.api.app import application
from dashboards.api.guard import MOST_BODY
from dashboards.api.openapi import document
from dashboards.api.services import Services
from tests.dashboards.client import HERE, Client
from tests.dashboards.fakes import fake_services


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Services]:
    with fake_services(tmp_path) as services:
        yield services


@pytest.fixture
def client(made: Services) -> Client:
    return Client(application(made))


@pytest.fixture
def password(made: Services) -> str:
    return made.users.add("one", ["supervisor"], must_change=False)


def log_in(client: Client, password: str, name: str = "one") -> str:
    """The token for what changes something."""
    answer = client.post("/api/login", json={"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["csrf_token"])


def test_every_path_is_closed_but_login_and_health(made: Services, client: Client) -> None:
    served = document(application(made))["paths"]
    assert len(served) > 12
    for path, methods in served.items():
        for method in methods:
            answer = client.request(method, re.sub(r"\{\w+\}", "x", path))
            is_open = (method, path) == ("post", "/api/login")
            assert (answer.status_code != 401) == is_open, (method, path)
    for path in ("/api", "/api/", "/api/openapi.json", "/api/nothing", "/api/login"):
        assert client.get(path).status_code == 401, path
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code in (404, 200, 503), path
        assert "/api/alerts" not in client.get(path).text
    assert client.get("/metrics").headers["content-type"].startswith("text/html"), "the page, not the metrics"


def test_health_is_open_and_readiness_true(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_login_gives_a_cookie_that_scripts_and_other_sites_do_not_get(client: Client, password: str) -> None:
    answer = client.post("/api/login", json={"username": "one", "password": password})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    behind_tls = client.post("https://board.test/api/login", json={"username": "one", "password": password})
    assert "secure" in behind_tls.headers["set-cookie"].lower()
    assert "strict-transport-security" in behind_tls.headers


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/me", "/assets/none.js", "/history"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_what_changes_something_needs_the_token_and_our_own_pages(client: Client, password: str) -> None:
    token = log_in(client, password)
    assert client.post("/api/logout").status_code == 403
    assert client.post("/api/logout", headers={"X-CSRF-Token": token + "x"}).status_code == 403
    elsewhere = {"X-CSRF-Token": token, "Origin": "http://evil.test"}
    assert client.post("/api/logout", headers=elsewhere).status_code == 403
    assert client.get("/api/me").status_code == 200
    assert client.post("/api/logout", headers={"X-CSRF-Token": token, "Origin": HERE}).status_code == 204
    assert client.get("/api/me").status_code == 401


def test_login_from_another_site_is_refused(client: Client, password: str) -> None:
    given = {"username": "one", "password": password}
    assert client.post("/api/login", json=given, headers={"Origin": "http://evil.test"}).status_code == 403
    assert client.post("/api/login", data=given).status_code == 415


def test_wrong_passwords_and_unknown_names_answer_alike_and_then_wait(client: Client, password: str) -> None:
    for name in ("one", "nobody"):
        answers = [client.post("/api/login", json={"username": name, "password": "wrong"}) for _ in range(FREE + 1)]
        assert [answer.status_code for answer in answers] == [401] * FREE + [423]
        assert answers[0].json() == {
            "error": "unauthenticated",
            "message": {"zh": "用户名或者密码不对。", "en": "Wrong user name or password."},
            "field": None,
        }
        assert int(answers[-1].headers["retry-after"]) > 0
    assert client.post("/api/login", json={"username": "one", "password": password}).status_code == 423


def test_a_made_password_must_be_changed_first(made: Services, client: Client) -> None:
    given = made.users.add("two", ["auditor"])
    token = log_in(client, given, "two")
    assert client.get("/api/me").json()["must_change_password"] is True
    refused = client.get("/api/rules")
    assert (refused.status_code, refused.json()["error"]) == (403, "password_change_required")
    headers = {"X-CSRF-Token": token}
    weak = client.post("/api/password", json={"current": given, "wanted": "short"}, headers=headers)
    assert (weak.status_code, weak.json()["field"]) == (400, "wanted")
    wrong = client.post("/api/password", json={"current": "x", "wanted": "a long new one"}, headers=headers)
    assert (wrong.status_code, wrong.json()["field"]) == (403, "current")
    other = Client(application(made))
    log_in(other, given, "two")
    assert client.post("/api/password", json={"current": given, "wanted": "a long new one"}, headers=headers).status_code == 204
    assert client.get("/api/rules").status_code == 200
    assert other.get("/api/me").status_code == 401, "every other session ends"


def test_sessions_are_listed_and_ended(made: Services, client: Client, password: str) -> None:
    token = log_in(client, password)
    other = Client(application(made))
    log_in(other, password)
    listed = client.get("/api/sessions").json()
    assert [each["is_this"] for each in listed].count(True) == 1
    (there,) = [each["id"] for each in listed if not each["is_this"]]
    headers = {"X-CSRF-Token": token}
    assert client.delete(f"/api/sessions/{there}", headers=headers).status_code == 204
    assert client.delete(f"/api/sessions/{there}", headers=headers).status_code == 404
    assert other.get("/api/me").status_code == 401
    assert made.hub.has_ended(there), "its stream closes"


def test_large_requests_are_refused(client: Client) -> None:
    assert client.post("/api/login", content=b"x" * (MOST_BODY + 1)).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"username": 1}', b'{"username": "a", "password": "b", "more": 1}', b"\xff"])
def test_bodies_that_are_none_are_refused(client: Client, body: bytes) -> None:
    assert client.post("/api/login", content=body, headers={"Content-Type": "application/json"}).status_code == 400


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("level=blue", "level"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("from=yesterday", "from"),
        ("from=99999999999999999999", "from"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
        ("state=gone", "state"),
    ],
)
def test_filters_that_are_none_name_the_field(client: Client, password: str, query: str, field: str) -> None:
    log_in(client, password)
    answer = client.get(f"/api/alerts?{query}")
    assert (answer.status_code, answer.json()["error"], answer.json()["field"]) == (400, "bad_filter", field)


def test_clues_are_forbidden_to_all_but_discipline(client: Client, password: str) -> None:
    log_in(client, password)
    assert client.get("/api/alerts?disposition=clue").status_code == 403


def test_without_clickhouse_the_answer_is_503(client: Client, password: str) -> None:
    log_in(client, password)
    answer = client.get("/api/facets")
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert client.get("/api/stream").status_code == 503


@pytest.mark.parametrize("path", ["/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "/assets/../../server.py", "/%00"])
def test_nothing_outside_of_the_pages_is_served(client: Client, path: str) -> None:
    answer = client.get(path)
    assert b"uvicorn" not in answer.content
