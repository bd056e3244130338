"""Logging in: by both names, with one answer for all refusals, and not more often than five failures."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import AsyncClient, Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import lockout
from accounts.lockout import CountFirstHandler
from accounts.models import User
from algotrade.addresses import client_address

pytestmark = pytest.mark.django_db


def log_in(name, password, field="username", **extra):
    return APIClient().post(
        reverse("auth-login"), {field: name, "password": password}, format="json", **extra
    )


@pytest.mark.parametrize(
    ("name", "field"),
    [("ada", "username"), ("ADA", "username"), ("Ada@example.com", "username"), ("ada@example.com", "email")],
)
def test_both_names_open_the_door_in_any_casing(user, password, name, field):
    response = log_in(name, password, field)
    assert response.status_code == 200
    access = response.json()["access"]
    me = APIClient().get(reverse("auth-me"), headers={"Authorization": f"Bearer {access}"})
    assert me.json()["username"] == "ada"
    user.refresh_from_db()
    assert user.last_login is not None


def test_every_refusal_reads_the_same(user, password, make_user):
    make_user("gone", is_active=False)
    answers = [log_in("ada", "wrong"), log_in("nobody", "wrong"), log_in("gone", password)]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "login_refused"
    assert answers[0]["WWW-Authenticate"].startswith("Bearer")


def test_an_unknown_name_costs_a_hash_like_a_known_one(monkeypatch):
    hashed = []
    monkeypatch.setattr(User, "set_password", lambda self, raw: hashed.append(raw))
    log_in("nobody", "some password")
    assert hashed == ["some password"]


def test_a_missing_name_or_password_is_a_field_error(db):
    client = APIClient()
    response = client.post(reverse("auth-login"), {"password": "x"}, format="json")
    assert (response.status_code, set(response.json()["fields"])) == (400, {"username"})
    response = client.post(reverse("auth-login"), {"username": "x"}, format="json")
    assert (response.status_code, set(response.json()["fields"])) == (400, {"password"})


def test_after_five_failures_even_the_right_password_waits(user, password):
    assert [log_in("ada", "wrong").status_code for _ in range(5)] == [401] * 5
    refused = log_in("ada", password)
    assert refused.status_code == 429
    assert refused.json()["code"] == "locked_out"
    assert "Wait 15 minutes" in refused.json()["detail"]
    assert 890 <= int(refused["Retry-After"]) <= 900


@pytest.mark.django_db(transaction=True)
async def test_under_the_asynchronous_server_a_script_is_told_in_json_too():
    client = AsyncClient()
    for _ in range(6):
        guess = {"username": "ada", "password": "wrong"}
        refused = await client.post(reverse("auth-login"), guess, content_type="application/json")
    assert refused.status_code == 429
    assert refused.json()["code"] == "locked_out"
    assert int(refused["Retry-After"]) > 800


def test_other_spellings_of_one_account_share_the_five(user, password):
    names = ["ada", "ADA", "ada@example.com", "Ada@Example.com", " ada "]
    for agent, name in enumerate(names):
        assert log_in(name, "wrong", headers={"User-Agent": str(agent)}).status_code == 401
    assert log_in("ada", password).status_code == 429


def test_a_locked_name_locks_neither_others_nor_other_addresses(user, other_user, password):
    for _ in range(6):
        log_in("ada", "wrong")
    assert log_in("grace", password).status_code == 200
    assert log_in("ada", password, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_the_lock_ends_by_itself_and_trying_does_not_prolong_it(user, password):
    for _ in range(7):
        log_in("ada", "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert log_in("ada", password).status_code == 200


def test_a_success_forgets_the_failures(user, password):
    for _ in range(4):
        log_in("ada", "wrong")
    assert log_in("ada", password).status_code == 200
    assert not AccessAttempt.objects.exists()


def test_the_page_says_in_words_when_it_is_locked(client, user, password):
    for _ in range(5):
        page = client.post(reverse("accounts:login"), {"username": "ada", "password": "wrong"})
        assert page.status_code == 422
        assert "do not match" in page.content.decode()
    page = client.post(reverse("accounts:login"), {"username": "ada", "password": password})
    assert page.status_code == 429
    assert "Wait 15 minutes" in page.content.decode()
    assert page["Retry-After"]


def test_the_admin_door_is_the_same_door(client, staff, password):
    for _ in range(5):
        client.post(reverse("admin:login"), {"username": "boss", "password": "wrong"})
    page = client.post(reverse("admin:login"), {"username": "boss", "password": password})
    assert page.status_code == 429
    assert "Wait 15 minutes" in page.content.decode()


def test_the_page_logs_in_by_email_and_goes_where_the_visitor_wanted(client, user, password):
    data = {"username": "ada@example.com", "password": password, "next": "/jobs/?state=failed"}
    response = client.post(reverse("accounts:login"), data)
    assert (response.status_code, response["Location"]) == (302, "/jobs/?state=failed")


def test_the_log_in_page_is_limited_by_address_too(client, user, no_throttles):
    no_throttles["auth"] = "3/min"
    data = {"username": "someone", "password": "wrong"}
    statuses = [
        client.post(reverse("accounts:login"), data | {"username": f"n{n}"}).status_code for n in range(4)
    ]
    assert statuses == [422, 422, 422, 429]


def test_logging_out_needs_a_post(client_for, user):
    client = client_for(user)
    assert client.get(reverse("accounts:logout")).status_code == 405
    assert client.post(reverse("accounts:logout")).status_code == 302
    assert "_auth_user_id" not in client.session


def test_logging_out_needs_the_csrf_token(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    assert client.post(reverse("accounts:logout")).status_code == 403


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (1, "not an address", "127.0.0.1"),
    ],
)
def test_a_forged_address_is_not_believed(settings, proxies, forwarded, expected):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == expected


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_of_twenty_simultaneous_guesses_five_are_looked_at(make_user, monkeypatch):
    make_user("ada")
    looked_at = []
    check = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: looked_at.append(raw) or check(self, raw))

    def guess(number: int) -> int:
        try:
            return log_in("ada", f"guess {number}").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        statuses = sorted(threads.map(guess, range(20)))
    assert statuses == [401] * 5 + [429] * 15
    assert len(looked_at) == 5


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_eight_simultaneous_right_log_ins_all_open_the_door(make_user, password, monkeypatch):
    make_user("ada")
    check = User.check_password

    def slow(self, raw):
        time.sleep(0.1)  # as long as all that arrive together need to look for a place
        return check(self, raw)

    monkeypatch.setattr(User, "check_password", slow)

    def enter(_: int) -> int:
        try:
            return log_in("ada", password).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(enter, range(8))) == [200] * 8


def test_nobody_waits_for_a_place_when_all_have_failed(user, password, monkeypatch):
    for _ in range(5):
        log_in("ada", "wrong")
    monkeypatch.setattr(lockout.time, "sleep", lambda seconds: pytest.fail("there is nothing to wait for"))
    assert log_in("ada", password).status_code == 429


def test_one_that_finds_no_place_waits_a_little_and_not_for_ever(user, password, monkeypatch):
    monkeypatch.setattr(lockout, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(CountFirstHandler, "user_login_failed", lambda *args, **kwargs: None)
    for _ in range(5):
        log_in("ada", "wrong")  # as if five were still being looked at
    started = time.monotonic()
    assert log_in("ada", password).status_code == 429
    assert 0.1 <= time.monotonic() - started < 2
