"""Changing one's access by API: with the password, and never by a guess too many."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import api_tokens, tokens
from accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user).access}")
    return client


def test_a_new_password_ends_everything_of_before(user, password, client_for):
    client, browser = signed_in(user), client_for(user)
    api_tokens.make(user, name="x")
    body = {"current_password": password, "new_password": "another fine one"}
    assert client.post(reverse("auth-password"), body, format="json").status_code == 204
    assert client.get(reverse("auth-me")).status_code == 401
    assert browser.get(reverse("accounts:profile")).status_code == 302
    assert not ApiToken.objects.exists()
    user.refresh_from_db()
    assert user.check_password("another fine one")


def test_a_wrong_password_changes_nothing(user, password):
    body = {"current_password": "wrong", "new_password": "another fine one"}
    answer = signed_in(user).post(reverse("auth-password"), body, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"current_password"})
    user.refresh_from_db()
    assert user.check_password(password)


def test_ending_all_access_by_api_ends_the_asker_too(user, client_for):
    client, browser = signed_in(user), client_for(user)
    assert client.post(reverse("auth-end-access")).status_code == 204
    assert client.get(reverse("auth-me")).status_code == 401
    assert browser.get(reverse("accounts:profile")).status_code == 302


def test_ending_all_access_on_the_page_keeps_this_browser(user, client_for):
    here, elsewhere, script = client_for(user), client_for(user), signed_in(user)
    api_tokens.make(user, name="x")
    assert here.post(reverse("accounts:end_access")).status_code == 302
    assert here.get(reverse("accounts:profile")).status_code == 200
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302
    assert script.get(reverse("auth-me")).status_code == 401
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("name", "method"), [("auth-password", "post"), ("auth-me", "delete")], ids=["password", "deletion"]
)
def test_guessing_the_password_of_a_borrowed_session_is_limited(user, no_throttles, name, method):
    no_throttles["auth"] = "2/min"
    client = signed_in(user)
    body = {"current_password": "guess", "new_password": "another fine one"}
    statuses = [getattr(client, method)(reverse(name), body, format="json").status_code for _ in range(3)]
    assert statuses == [400, 400, 429]
    assert client.get(reverse("auth-me")).status_code == 200
    assert User.objects.filter(pk=user.pk, closed_at=None).exists()


@pytest.mark.parametrize("page", ["accounts:profile", "accounts:delete"])
def test_guessing_on_the_pages_is_limited_too(user, client_for, no_throttles, page):
    no_throttles["auth"] = "2/min"
    data = {"section": "password", "current_password": "guess", "new_password": "another fine one"}
    client = client_for(user)
    statuses = [client.post(reverse(page), data).status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
