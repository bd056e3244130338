"""What staff do with users."""

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts import tokens
from accounts.errors import TokenRefused
from accounts.models import User

pytestmark = pytest.mark.django_db
LIST = "admin:accounts_user_changelist"


def act(client, action, *users):
    data = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post(reverse(LIST), data, follow=True)


def test_the_list_finds_users_and_costs_the_same_for_many(
    client_for, staff, make_user, django_assert_max_num_queries
):
    client = client_for(staff)
    for number in range(30):
        make_user(f"user{number}", full_name=f"Person {number}")
    with django_assert_max_num_queries(10):
        page = client.get(reverse(LIST), {"q": "Person 7"})
    assert "user7" in page.content.decode()
    assert "user8" not in page.content.decode()


def test_deactivating_ends_what_the_user_had_and_spares_oneself(client_for, staff, user):
    theirs, pair = client_for(user), tokens.issue(user)
    page = act(client_for(staff), "deactivate", user, staff)
    assert "1 user changed" in page.content.decode()
    user.refresh_from_db()
    staff.refresh_from_db()
    assert (user.is_active, staff.is_active) == (False, True)
    assert theirs.get(reverse("accounts:profile")).status_code == 302
    with pytest.raises(TokenRefused):
        tokens.rotate(pair.refresh)


def test_the_form_deactivates_with_the_same_effect(client_for, staff, user):
    pair = tokens.issue(user)
    data = {"username": user.username, "email": user.email, "full_name": ""}  # is_active is left out: off
    url = reverse("admin:accounts_user_change", args=[user.pk])
    assert client_for(staff).post(url, data).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    with pytest.raises(TokenRefused):
        tokens.rotate(pair.refresh)


def test_activating_ending_and_unlocking(client_for, staff, make_user):
    gone = make_user("gone", is_active=False)
    AccessAttempt.objects.create(username="gone", ip_address="1.2.3.4", failures_since_start=5)
    client = client_for(staff)
    act(client, "activate", gone)
    act(client, "end_sessions", gone)
    act(client, "lift_lock", gone)
    gone.refresh_from_db()
    assert (gone.is_active, gone.access_version) == (True, 1)
    assert not AccessAttempt.objects.exists()


def test_staff_add_a_user_with_a_password_and_set_another(client_for, staff):
    client = client_for(staff)
    first = {"usable_password": "true", "password1": "first of all 1", "password2": "first of all 1"}
    data = {"username": "new", "email": "New@Example.com", **first}
    assert client.post(reverse("admin:accounts_user_add"), data).status_code == 302
    user = User.objects.get(username="new")
    assert user.check_password("first of all 1")
    assert user.email == "new@example.com"
    second = {"usable_password": "true", "password1": "second of all", "password2": "second of all"}
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    assert client.post(url, second).status_code == 302
    user.refresh_from_db()
    assert user.check_password("second of all")


def test_staff_who_may_edit_users_cannot_raise_themselves(client_for, make_user, staff):
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(content_type__model="user"))
    data = {"username": "clerk", "email": clerk.email, "is_active": "on", "is_superuser": "on"}
    client = client_for(clerk)
    assert client.post(reverse("admin:accounts_user_change", args=[clerk.pk]), data).status_code == 302
    clerk.refresh_from_db()
    assert not clerk.is_superuser
    assert client.post(reverse("admin:auth_user_password_change", args=[staff.pk]), {}).status_code == 403


def test_analysts_have_no_admin_and_tokens_are_not_listed(client_for, user, staff):
    assert client_for(user).get(reverse(LIST)).status_code == 302
    page = client_for(staff).get(reverse("admin:index"))
    assert "outstanding" not in page.content.decode().lower()
