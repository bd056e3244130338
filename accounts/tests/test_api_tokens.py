"""API tokens: shown once, scoped, and worthless after whatever ends a log-in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import api_tokens, closing
from accounts.errors import AccountChanged, AccountInvalid, TooManyTokens
from accounts.models import ApiToken, User
from accounts.services import UserService
from algotrade.tests.routes import ROUTES

pytestmark = pytest.mark.django_db
CHANGES = ("post", "put", "patch", "delete")


def script(secret):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def status(secret):
    return script(secret).get(reverse("auth-me")).status_code


@pytest.fixture
def reading(user):
    return api_tokens.make(user, name="reading")[1]


@pytest.fixture
def running(user):
    return api_tokens.make(user, name="running", scope="run")[1]


def test_the_database_holds_a_hash_and_nothing_of_the_secret_but_its_beginning(user):
    token, secret = api_tokens.make(user, name="notebook")
    assert secret.startswith("lab_")
    assert len(secret) == 4 + 43
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert not [value for value in stored.values() if secret[8:] in str(value)]
    assert (stored["hint"], len(stored["digest"])) == (secret[:8], 64)
    assert api_tokens.find(secret) == token
    assert api_tokens.find(secret[:-1]) is None


@pytest.mark.parametrize("end", [UserService.end_access, UserService.deactivate, closing.close])
def test_who_asked_before_all_access_ended_gets_no_token_after_it(user, end):
    """The request was signed in, and had to wait for the change of the account that was to end it."""
    end(User.objects.get(pk=user.pk))
    with pytest.raises(AccountChanged):
        api_tokens.make(user, name="kept")
    User.objects.update(is_active=True)
    assert not ApiToken.objects.exists()


def test_the_api_makes_shows_once_lists_and_revokes(api, api_other):
    made = api.post(
        reverse("auth-token-list"), {"name": "nightly", "scope": "run", "expires_in_days": 30}, format="json"
    )
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    secret, pk = made.json()["token"], made.json()["id"]
    assert status(secret) == 200
    listed = api.get(reverse("auth-token-list")).json()["results"]
    assert [(row["name"], row["scope"]) for row in listed] == [("nightly", "run")]
    assert "token" not in listed[0]
    assert "digest" not in listed[0]
    one = reverse("auth-token-detail", args=[pk])
    assert api.get(one).json()["hint"] == secret[:8]
    assert api_other.delete(one).status_code == 404
    assert status(secret) == 200
    assert api.delete(one).status_code == 204
    assert status(secret) == 401


def test_the_page_shows_the_secret_once_and_revokes(client_for, user, other_user):
    client = client_for(user)
    data = {"name": "notebook", "scope": "read", "expires_in_days": "90"}
    text = client.post(reverse("accounts:tokens"), data).content.decode()
    secret = text.partition('value="lab_')[2].partition('"')[0]
    assert status(f"lab_{secret}") == 200
    token = ApiToken.objects.get()
    assert timedelta(days=89) < token.expires_at - timezone.now() < timedelta(days=91)
    again = client.get(reverse("accounts:tokens")).content.decode()
    assert "notebook" in again
    assert secret not in again
    revoke = reverse("accounts:token_revoke", args=[token.pk])
    assert client_for(other_user).post(revoke).status_code == 404
    assert client.post(revoke).status_code == 302
    assert status(f"lab_{secret}") == 401


def test_a_name_is_used_once_and_the_page_says_so(client_for, user, reading):
    data = {"name": "reading", "scope": "read", "expires_in_days": "never"}
    page = client_for(user).post(reverse("accounts:tokens"), data)
    assert page.status_code == 422
    assert "choose another name" in page.content.decode()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "x", "scope": "all"}, "scope"),
        ({"name": "x", "expires_in_days": 0}, "expires_in_days"),
        ({"name": "x", "expires_in_days": 4000}, "expires_in_days"),
    ],
    ids=["no name", "long name", "no scope", "no days", "many days"],
)
def test_what_cannot_be_is_refused_at_its_field(user, api, given, field):
    with pytest.raises(AccountInvalid) as caught:
        api_tokens.make(user, **given)
    assert set(caught.value.fields) == {field}
    answer = api.post(reverse("auth-token-list"), given, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})
    assert not ApiToken.objects.exists()


def test_reading_takes_safe_methods_only(user, reading):
    client = script(reading)
    assert client.get("/api/strategies/").status_code == 200
    assert client.head("/api/strategies/").status_code == 200
    assert client.options("/api/strategies/").status_code == 200
    for route in ROUTES:
        if (
            route.is_api
            and not route.thing
            and route.name not in {"auth-socket-ticket", "api-docs", "api-schema"}
        ):
            for method in CHANGES:
                answer = getattr(client, method)(route.url({}), {}, format="json")
                if answer.status_code not in {400, 401, 405}:  # doors are open to all; they look at the body
                    assert (answer.status_code, answer.json()["code"]) == (403, "token_scope"), route.name


def test_running_does_everything_but_change_the_account(user, running, reading):
    client = script(running)
    assert client.post("/api/strategies/", {}, format="json").status_code == 400  # it was looked at
    token = ApiToken.objects.get(name="reading")
    attempts = [
        ("post", reverse("auth-password"), {"current_password": "x", "new_password": "y"}),
        ("post", reverse("auth-end-access"), {}),
        ("post", reverse("auth-token-list"), {"name": "another"}),
        ("delete", reverse("auth-token-detail", args=[token.pk]), {}),
        ("delete", reverse("auth-me"), {"current_password": "x"}),
        ("patch", reverse("auth-me"), {"full_name": "Mallory"}),
        ("post", reverse("auth-export-list"), {}),
    ]
    for method, url, body in attempts:
        answer = getattr(client, method)(url, body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (403, "token_scope"), url
    assert ApiToken.objects.count() == 2


def test_no_page_takes_a_token(running):
    assert script(running).get(reverse("accounts:tokens")).status_code == 302
    assert script(running).get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "ending",
    [
        lambda user, password: UserService.change_password(
            user, current_password=password, new_password="another fine one"
        ),
        lambda user, password: UserService.deactivate(user),
        lambda user, password: UserService.end_access(user),
        lambda user, password: (user.set_password("set in the admin"), user.save()),
        lambda user, password: user.end_access(),
        lambda user, password: ApiToken.objects.update(expires_at=timezone.now()),
        lambda user, password: user.delete(),
    ],
    ids=[
        "new password",
        "deactivation",
        "end of access",
        "password by staff",
        "version",
        "expiry",
        "deletion",
    ],
)
def test_a_token_ends_with(ending, user, password):
    token, secret = api_tokens.make(user, name="x", scope="run", expires_in_days=1)
    pk = token.pk
    assert status(secret) == 200
    assert api_tokens.live_among({pk}) == {pk}
    ending(user, password)
    refused = script(secret).get(reverse("auth-me"))
    assert (refused.status_code, refused.json()["code"]) == (401, "api_token_refused")
    assert refused["WWW-Authenticate"].startswith("Bearer")
    assert not api_tokens.live_among({pk})


def test_a_token_does_not_come_back_with_the_account(user):
    secret = api_tokens.make(user, name="x")[1]
    UserService.deactivate(user)
    UserService.activate(user)
    assert status(secret) == 401


@pytest.mark.parametrize("secret", ["lab_", "lab_x", "lab_" + "é" * 43, "lab_" + "x" * 5000])
def test_what_is_no_token_is_refused(db, secret):
    assert status(secret.encode().decode("latin-1")) == 401


def test_its_use_is_noted_once_a_minute(user, reading, django_assert_num_queries):
    assert status(reading) == 200
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):  # the token with its user, and nothing written
        assert status(reading) == 200
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    assert status(reading) == 200
    assert ApiToken.objects.get().last_used_at >= first


def test_a_token_is_limited_as_its_user(user, reading, running, no_throttles):
    no_throttles["user"] = "2/min"
    assert [status(secret) for secret in (reading, running, reading)] == [200, 200, 429]


def test_there_is_a_most_and_expired_ones_make_room(user, monkeypatch):
    monkeypatch.setattr(api_tokens, "MOST_TOKENS", 2)
    api_tokens.make(user, name="a", expires_in_days=1)
    api_tokens.make(user, name="b")
    with pytest.raises(TooManyTokens, match="revoke one"):
        api_tokens.make(user, name="c")
    ApiToken.objects.filter(name="a").update(expires_at=timezone.now())
    api_tokens.make(user, name="c")
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"b", "c"}


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_pass_the_most(make_user, monkeypatch):
    monkeypatch.setattr(api_tokens, "MOST_TOKENS", 3)
    ada = make_user("ada")

    def make(number):
        try:
            api_tokens.make(ada, name=f"token {number}")
        except TooManyTokens:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(make, range(8)))
    assert sum(made) == ApiToken.objects.count() == 3
