"""Making an account, by API and page."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.errors import AccountInvalid
from accounts.models import User
from accounts.services import UserService

pytestmark = pytest.mark.django_db
GOOD = {"username": "mary", "email": "Mary@Example.com", "password": "long enough 17"}


def register(**changes):
    return APIClient().post(reverse("auth-register"), GOOD | changes, format="json")


def test_a_registration_answers_with_the_user_and_stores_a_bcrypt_hash():
    response = register(full_name="Mary S.")
    assert response.status_code == 201
    user = User.objects.get()
    assert response.json() | {"date_joined": None} == {
        "id": user.pk,
        "username": "mary",
        "email": "mary@example.com",
        "full_name": "Mary S.",
        "is_staff": False,
        "date_joined": None,
    }
    assert user.password.startswith("bcrypt_sha256$")
    assert user.check_password("long enough 17")


def test_nobody_makes_themselves_staff():
    assert register(is_staff=True, is_superuser=True, is_active=True).status_code == 201
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "victim@example.com"}, "username"),
        ({"username": "x" * 41}, "username"),
        ({"username": "\u0430dmin"}, "username"),  # a Cyrillic letter that looks like the Latin one
        ({"username": "\uff41dmin"}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "1234567890123"}, "password"),
        ({"password": "mary@example.com"}, "password"),
        ({"password": None}, "password"),
        ({"password": ["a list"]}, "password"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(changes, field):
    response = register(**changes)
    assert response.status_code == 400
    body = response.json()
    assert body["fields"][field]
    assert body["code"]
    assert body["detail"]
    assert not User.objects.exists()


def test_names_are_taken_in_any_casing(user):
    response = register(username=user.username.upper(), email=user.email.upper())
    assert response.status_code == 400
    assert set(response.json()["fields"]) == {"username", "email"}


def test_two_registrations_at_once_end_in_a_field_error_not_in_a_crash(monkeypatch):
    register()
    monkeypatch.setattr("accounts.services._problems", lambda user: {})  # the other one came after our check
    with pytest.raises(AccountInvalid) as caught:
        UserService.register(**GOOD)
    assert set(caught.value.fields) == {"username", "email"}


def test_a_closed_registration_says_so_everywhere(settings, client):
    settings.REGISTRATION_OPEN = False
    response = register()
    assert response.status_code == 403
    assert response.json()["code"] == "registration_closed"
    assert client.get(reverse("accounts:register")).status_code == 403
    assert reverse("accounts:register") not in client.get(reverse("accounts:login")).content.decode()


def test_the_page_registers_signs_in_and_goes_on(client):
    page = client.get(reverse("accounts:register"), {"next": "/jobs/"})
    assert "At least 10 characters" in page.content.decode()
    response = client.post(reverse("accounts:register"), GOOD | {"next": "/jobs/"})
    assert response.status_code == 302
    assert response["Location"] == "/jobs/"
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_the_page_keeps_what_was_typed(client):
    response = client.post(reverse("accounts:register"), GOOD | {"email": "nowhere"})
    assert response.status_code == 422
    text = response.content.decode()
    assert 'value="mary"' in text
    assert 'value="nowhere"' in text
    assert "data-error-summary" in text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_next_leads_nowhere_else(client, user, password, target):
    away = client.post(reverse("accounts:register"), GOOD | {"next": target})
    assert away["Location"] == "/"
    client.logout()
    data = {"username": user.username, "password": password, "next": target}
    assert client.post(reverse("accounts:login"), data)["Location"] == "/"
