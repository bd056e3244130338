"""Hostile input on real routes: 400 in the one shape (or in words on a page), never a 500."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from algotrade.middleware import InputBoundaryMiddleware
from strategies.models import StrategyQuerySet

pytestmark = pytest.mark.django_db
JSON = "application/json"
ROUTES = ["/api/strategies/", "/api/backtests/run/", "/api/market-data/synthetic/", "/api/auth/register/"]
BODIES = {
    "NUL in a value": b'{"name": "a\\u0000b"}',
    "NUL in a key": b'{"\\u0000": 1}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels, broken off": b"[" * 100_000,
    "NaN": b'{"initial_capital": NaN}',
    "Infinity": b'{"initial_capital": Infinity}',
    "1e999": b'{"initial_capital": 1e999}',
    "an integer of 400 digits": b'{"initial_capital": ' + b"9" * 400 + b"}",
    "an integer of 5,000 digits": b'{"initial_capital": ' + b"9" * 5000 + b"}",
    "no JSON": b"{",
}


def is_refusal(response, status=400):
    body = response.json()
    return response.status_code == status and set(body) == {"code", "detail", "fields"} and body["detail"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_hostile_json_is_refused(api, route, body):
    assert is_refusal(api.post(route, body, content_type=JSON))


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "latin-1", "nonsense"])
def test_json_in_another_encoding_cannot_smuggle_anything(api, charset):
    body = b'{"name": "+AFw-u0000"}'
    assert is_refusal(api.post(ROUTES[0], body, content_type=f"{JSON}; charset={charset}"))


@pytest.mark.parametrize(
    "query", ["name=%00", "ordering=%00", "page=%00", "name=%ff", "%00=1", "search=%ed%a0%80"]
)
@pytest.mark.parametrize(
    "route", ["/api/strategies/", "/api/backtests/", "/api/jobs/", "/api/market-data/series/"]
)
def test_hostile_query_strings_are_refused(api, route, query):
    assert is_refusal(api.get(f"{route}?{query}"))


@pytest.mark.parametrize("path", ["/api/strategies/%00/", "/api/jobs/%00", "/api/%ff/"])
def test_hostile_paths_are_refused(api, path):
    assert is_refusal(api.get(path))


@pytest.mark.parametrize("path", ["/strategies/%00/", "/jobs/?state=%00", "/account/login/?next=%00"])
def test_pages_refuse_in_words(client_for, user, path):
    response = client_for(user).get(path)
    assert response.status_code == 400
    assert "remove them" in response.content.decode()


@pytest.mark.parametrize("body", ["full_name=a%00", "full_name=a&full_name=%00&email=x", "na%00me=1"])
def test_form_data_is_refused_in_keys_and_in_every_value(client_for, user, body):
    form = "application/x-www-form-urlencoded"
    response = client_for(user).post(reverse("accounts:profile"), body, content_type=form)
    assert response.status_code == 400


def test_uploaded_form_data_passes_the_same_boundary(api):
    for value in ("a\x00b", "[" * 100_000):
        response = api.post("/api/strategies/", {"parameters": value}, format="multipart")
        assert is_refusal(response)
        assert set(response.json()["fields"]) == {"parameters"}


def test_what_is_too_large_is_named_so(api, client_for, user, settings):
    body = b'{"name": "' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
    assert is_refusal(api.post("/api/strategies/", body, content_type=JSON), 413)
    page = client_for(user).post(
        reverse("accounts:profile"), body, content_type="application/x-www-form-urlencoded"
    )
    assert page.status_code == 413


def test_a_content_length_that_is_no_number_is_refused(api):
    assert is_refusal(api.post("/api/strategies/", b"{}", content_type=JSON, CONTENT_LENGTH="²"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "sessionid=a\x00b"},
        {"Cookie": "sessionid=" + "x" * 5000},
        {"Accept-Language": "\x00," * 50},
        {"X-Forwarded-For": "\x00"},
        {"HX-Request": "true", "HX-Current-URL": "http://[::1"},
        {"X-Request-ID": "a\nb"},
    ],
)
def test_odd_headers_do_no_harm(headers, db):
    assert Client().get(reverse("accounts:login"), headers=headers).status_code == 200


def test_every_answer_carries_an_identity_and_a_policy(client, api):
    for response in (
        client.get("/health"),
        client.get(reverse("accounts:login")),
        client.get("/nothing"),
        api.get("/api/strategies/?name=%00"),
    ):
        assert response["X-Request-ID"]
        assert (
            "script-src" in response["Content-Security-Policy"]
            or "default-src 'self'" in response["Content-Security-Policy"]
        )
        assert "unsafe" not in response["Content-Security-Policy"]
    given = client.get("/health", headers={"X-Request-ID": "from-the-proxy-1"})
    assert given["X-Request-ID"] == "from-the-proxy-1"


@pytest.mark.parametrize("path", ["/api/strategies/", "/strategies/"])
def test_a_database_that_is_busy_is_no_error_of_ours(client_for, user, monkeypatch, path):
    def locked(*args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(StrategyQuerySet, "for_user", locked)
    client = client_for(user)
    client.raise_request_exception = False
    response = client.get(path)
    assert response.status_code == 503
    assert response["Retry-After"]
    if path.startswith("/api/"):
        assert response.json()["code"] == "database_busy"


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_is_away_before_any_view_is_one_line_of_the_log(
    client_for, user, monkeypatch, caplog, kind
):
    def full(*args):
        raise kind("disk I/O error")

    client = client_for(user)
    monkeypatch.setattr(SessionStore, "load", full)
    client.raise_request_exception = False
    response = client.get("/api/strategies/")
    assert response.status_code == 503
    assert response.json()["code"] == "database_busy"
    (record,) = [record for record in caplog.records if record.name == "django.request"]
    assert not record.exc_info, "it passes, so no traceback"
    assert record.levelname == "WARNING"
    assert "disk I/O error" in record.getMessage()


def test_a_defect_keeps_its_traceback(client_for, user, monkeypatch, caplog):
    def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(StrategyQuerySet, "for_user", broken)
    client = client_for(user)
    client.raise_request_exception = False
    assert client.get("/api/strategies/").status_code == 500
    assert any(record.name == "django.request" and record.exc_info for record in caplog.records)


def test_a_cookie_with_a_nul_is_left_out_before_a_database_sees_it():
    seen = []
    request = RequestFactory().get("/", headers={"Cookie": r'sessionid="\000aaaaaaaaaaaa"; kept=yes'})
    InputBoundaryMiddleware(lambda request: seen.append(request.COOKIES) or HttpResponse())(request)
    assert seen == [{"kept": "yes"}]


@pytest.mark.services
@pytest.mark.parametrize(("route", "status"), [("/account/profile/", 302), ("/api/strategies/", 401)])
def test_whoever_has_such_a_cookie_is_nobody(route, status):
    client = Client(headers={"Cookie": r'sessionid="\000aaaaaaaaaaaa"'})
    assert client.get(route).status_code == status
