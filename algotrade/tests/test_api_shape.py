"""The API's manners: one error shape, JSON for unknown addresses, the slash optional, pages of rows."""

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.test import APIClient

from algotrade.api import exception_handler, status_of
from algotrade.errors import (
    Conflict,
    InvalidInput,
    LabError,
    LimitExceeded,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    Unavailable,
)
from algotrade.jobs.models import Job

pytestmark = pytest.mark.django_db
JSON = "application/json"


def shape(response):
    body = response.json()
    assert set(body) == {"code", "detail", "fields"}, body
    assert isinstance(body["code"], str)
    assert body["detail"]
    assert all(isinstance(messages, list) for messages in body["fields"].values())
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LabError("x"), 400),
        (InvalidInput("x"), 400),
        (NotSignedIn("x"), 401),
        (NotAllowed("x"), 403),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (TooLarge("x"), 413),
        (LimitExceeded("x"), 429),
        (Unavailable("x"), 503),
    ],
)
def test_each_kind_of_error_has_its_status(error, status):
    assert status_of(error) == status
    response = exception_handler(error, {})
    assert response.data == {"code": error.code, "detail": "x", "fields": {}}


def test_nested_field_errors_become_dotted_names():
    error = ValidationError(
        {"parameters": {"fast": [ErrorDetail("too low", "min")]}, "legs": [{}, {"x": ["no"]}]}
    )
    body = exception_handler(error, {}).data
    assert body["fields"] == {"parameters.fast": ["too low"], "legs.1.x": ["no"]}
    assert body["detail"] == "parameters.fast: too low"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/nothing/", "/api/strategies/1/2/3/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_unknown_address_is_a_404_in_json(path, method):
    assert shape(getattr(APIClient(), method)(path)) == (404, "not_found")


def test_an_unknown_page_is_a_404_in_words(client):
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "text/html" in response["Content-Type"]
    assert "Not found" in response.content.decode()


def test_a_missing_object_a_wrong_method_a_wrong_type_and_no_sign_in(api):
    assert shape(api.get("/api/strategies/999999/")) == (404, "not_found")
    assert shape(api.get(f"/api/strategies/{'9' * 30}/")) == (404, "not_found")
    assert shape(api.get("/api/strategies/abc/")) == (404, "not_found")
    assert shape(api.delete("/api/strategies/")) == (405, "method_not_allowed")
    assert shape(api.post("/api/strategies/", b"<x/>", content_type="text/xml")) == (
        415,
        "unsupported_media_type",
    )
    assert shape(api.post("/api/strategies/", b"{", content_type=JSON)) == (400, "parse_error")
    assert shape(api.get("/api/strategies/", headers={"Accept": "text/xml"})) == (406, "not_acceptable")
    anonymous = APIClient().get("/api/strategies/")
    assert shape(anonymous) == (401, "not_authenticated")
    assert anonymous["WWW-Authenticate"] == 'Bearer realm="api"'
    wrong = APIClient().get("/api/strategies/", headers={"Authorization": "Bearer nonsense"})
    assert shape(wrong)[0] == 401


@pytest.mark.parametrize("body", [b"[1]", b"null", b'"x"', b"1", b""])
def test_a_body_that_is_no_object_is_refused(api, body):
    assert shape(api.post("/api/strategies/", body, content_type=JSON))[0] == 400


def test_a_session_needs_the_csrf_token_on_the_api_too(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    assert shape(client.post("/api/strategies/", b"{}", content_type=JSON)) == (403, "permission_denied")
    assert client.get("/api/strategies/").status_code == 200


def test_a_fault_of_ours_is_a_500_in_the_shape_that_tells_nothing(user, monkeypatch):
    monkeypatch.setattr("accounts.api.account.UserSerializer", lambda *a: 1 / 0)
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    response = client.get(reverse("auth-me"))
    assert shape(response) == (500, "internal_error")
    assert "Zero" not in response.content.decode()
    assert response["X-Request-ID"] in response.json()["detail"]


def test_a_fault_of_ours_on_a_page_is_words_without_the_database(
    client, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr("accounts.forms.LoginForm.__init__", lambda *a, **k: 1 / 0)
    client.raise_request_exception = False
    with django_assert_num_queries(0):
        response = client.get(reverse("accounts:login"))
    assert response.status_code == 500
    assert "our side" in response.content.decode()


@pytest.mark.parametrize("method", ["get", "head", "options", "patch", "put", "delete"])
def test_the_trailing_slash_is_optional_for_every_method(api, method):
    url = reverse("auth-me")
    with_slash = getattr(api, method)(url, {}, format="json")
    without = getattr(api, method)(url.removesuffix("/"), {}, format="json")
    assert without.status_code == with_slash.status_code
    assert without.content == with_slash.content


def test_the_slash_is_optional_where_something_is_made(db):
    body = {"username": "mary", "email": "mary@example.com", "password": "long enough 17"}
    assert APIClient().post("/api/auth/register", body, format="json").status_code == 201


def test_rows_come_in_pages_and_a_page_that_is_not_there_is_said(api, user, django_assert_max_num_queries):
    Job.objects.bulk_create(
        Job(owner=user, kind="test", title=f"job {n}", deadline_at="2030-01-01T00:00:00Z") for n in range(30)
    )
    with django_assert_max_num_queries(6):  # three of them tell once for all rows why they wait
        first = api.get("/api/jobs/").json()
    assert (first["count"], len(first["results"]), first["previous"]) == (30, 25, None)
    assert len(api.get(first["next"]).json()["results"]) == 5
    assert len(api.get("/api/jobs/?page_size=3").json()["results"]) == 3
    assert len(api.get("/api/jobs/?page_size=100000").json()["results"]) == 30
    for page in ("0", "3", "-1", "abc", "9" * 5000):
        assert shape(api.get(f"/api/jobs/?page={page}")) == (404, "not_found")


def test_requests_are_limited_and_the_refusal_says_until_when(user, no_throttles):
    no_throttles["user"] = "2/min"
    client = APIClient()
    client.force_authenticate(user)
    answers = [client.get(reverse("auth-me")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert shape(answers[-1]) == (429, "throttled")
    assert int(answers[-1]["Retry-After"]) > 0


LISTS = (
    *("market-data/series/?symbol=", "market-data/series/?search=", "market-data/series/?source="),
    *("market-data/imports/?symbol=", "strategies/?q=", "strategies/?symbol=", "strategies/?timeframe="),
    *("backtests/?symbol=", "sweeps/?symbol="),
)


@pytest.mark.parametrize("query", LISTS)
def test_what_is_looked_for_is_no_longer_than_a_name(api, query):
    answer = api.get(f"/api/{query}{'x' * 60_000}")
    assert shape(answer) == (400, "invalid")
    assert "at most 120 characters" in answer.json()["detail"]
