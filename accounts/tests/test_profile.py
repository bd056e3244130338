"""Who I am, and changing it, by API and page."""

import pytest
from axes.models import AccessAttempt
from django.urls import reverse

from accounts.errors import AccountChanged, AccountInvalid
from accounts.models import User
from accounts.services import UserService

pytestmark = pytest.mark.django_db
PAGE = "accounts:profile"


def test_me_shows_and_changes_only_me(api, user, other_user):
    assert api.get(reverse("auth-me")).json()["email"] == "ada@example.com"
    changes = {"full_name": "A. L.", "email": "New@Example.com", "username": "root", "is_staff": True}
    response = api.patch(reverse("auth-me"), changes, format="json")
    assert response.status_code == 200
    user.refresh_from_db()
    assert (user.full_name, user.email, user.username, user.is_staff) == (
        "A. L.",
        "new@example.com",
        "ada",
        False,
    )
    other_user.refresh_from_db()
    assert other_user.full_name == ""


def test_anothers_address_is_refused_at_the_field(api, user, other_user):
    response = api.patch(reverse("auth-me"), {"email": "GRACE@example.com"}, format="json")
    assert response.status_code == 400
    assert "email" in response.json()["fields"]
    user.refresh_from_db()
    assert user.email == "ada@example.com"


def test_nobody_else_is_me(client):
    assert client.get(reverse("auth-me")).status_code == 401
    assert client.get(reverse(PAGE)).status_code == 302


def test_the_page_saves_the_person(client_for, user):
    client = client_for(user)
    data = {"section": "person", "full_name": "Countess", "email": "c@example.com"}
    assert client.post(reverse(PAGE), data).status_code == 302
    user.refresh_from_db()
    assert (user.full_name, user.email) == ("Countess", "c@example.com")
    page = client.post(reverse(PAGE), data | {"email": "nowhere"})
    assert page.status_code == 422
    assert 'value="nowhere"' in page.content.decode()


def test_a_password_change_keeps_this_session_and_ends_the_others(client_for, user, password):
    here, elsewhere = client_for(user), client_for(user)
    data = {"section": "password", "current_password": password, "new_password": "another fine one"}
    assert here.post(reverse(PAGE), data).status_code == 302
    assert here.get(reverse(PAGE)).status_code == 200
    assert elsewhere.get(reverse(PAGE)).status_code == 302
    user.refresh_from_db()
    assert user.check_password("another fine one")


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [("wrong", "another fine one", "current_password"), (None, "short", "new_password")],
)
def test_a_refused_password_change_changes_nothing(client_for, user, password, current, new, field):
    data = {"section": "password", "current_password": current or password, "new_password": new}
    page = client_for(user).post(reverse(PAGE), data)
    assert page.status_code == 422
    assert f'data-field="{field}"' in page.content.decode()
    user.refresh_from_db()
    assert user.check_password(password)


def test_two_password_changes_at_once_do_not_overwrite_each_other(user, password):
    stale = User.objects.get(pk=user.pk)
    UserService.change_password(user, current_password=password, new_password="another fine one")
    with pytest.raises(AccountChanged):
        UserService.change_password(stale, current_password=password, new_password="yet another one")


def test_the_present_password_is_asked_for(user):
    with pytest.raises(AccountInvalid) as caught:
        UserService.change_password(user, current_password="wrong", new_password="another fine one")
    assert set(caught.value.fields) == {"current_password"}


def test_a_deactivated_users_session_ends_and_stays_ended(client_for, user):
    client = client_for(user)
    assert client.get(reverse(PAGE)).status_code == 200
    UserService.deactivate(user)
    assert client.get(reverse(PAGE)).status_code == 302
    UserService.activate(user)
    assert client.get(reverse(PAGE)).status_code == 302


@pytest.mark.parametrize("door", ["auth-password", "auth-me"])
def test_a_borrowed_log_in_has_no_more_guesses_than_the_log_in_itself(api, user, password, door):
    def guess(word):
        method = api.post if door == "auth-password" else api.delete
        given = {"current_password": word, "new_password": "another fine one"}
        return method(reverse(door), given, format="json")

    assert [guess(f"guess {number}").status_code for number in range(5)] == [400] * 5
    refused = guess(password)
    assert (refused.status_code, refused.json()["code"]) == (429, "locked_out")
    assert int(refused["Retry-After"]) > 800
    user.refresh_from_db()
    assert (user.check_password(password), user.closed_at) == (True, None)


def test_the_right_password_gives_the_guesses_back(api, password):
    for word in ["wrong 1", "wrong 2", "wrong 3", "wrong 4", password]:
        given = {"current_password": word, "new_password": "another fine one"}
        answer = api.post(reverse("auth-password"), given, format="json")
    assert answer.status_code == 204
    assert not AccessAttempt.objects.exists()


def test_the_page_says_it_too(client_for, user, password):
    client = client_for(user)
    form = {"section": "password", "new_password": "another fine one", "current_password": "wrong"}
    assert [client.post(reverse(PAGE), form).status_code for _ in range(6)] == [422] * 5 + [429]


def test_an_older_account_with_another_name_keeps_its_profile(client_for, make_user, password):
    """Its name is no longer given out; on SQLite it was one under which nobody could log in."""
    old = make_user("Ünal", email="unal@example.com")
    assert User.objects.named("Ünal") == old
    assert UserService.update_profile(old, full_name="Ü. Nal").full_name == "Ü. Nal"
    entry = client_for(old).post(
        reverse(PAGE),
        {"section": "password", "current_password": password, "new_password": "another fine one"},
    )
    assert entry.status_code == 302
