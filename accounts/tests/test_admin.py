"""What staff do with users."""

from functools import partial

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.admin import UserAdmin
from accounts.errors import TokenRefused
from accounts.models import User
from algotrade.audit.actions import Action
from algotrade.audit.models import Entry

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


def test_a_clerk_opens_no_account_of_other_staff_and_gives_out_no_rights(client_for, make_user, user):
    clerk, other = make_user("clerk", is_staff=True), make_user("other", is_staff=True)
    about = Permission.objects.filter(content_type__model__in=["user", "group"])
    clerk.user_permissions.add(*about)
    client = client_for(clerk)
    new = {"usable_password": "true", "password1": "set by a clerk 1", "password2": "set by a clerk 1"}
    password_of = partial(reverse, "admin:auth_user_password_change")
    assert client.post(password_of(args=[other.pk]), new).status_code == 403
    assert client.post(password_of(args=[user.pk]), new).status_code == 302
    for locked in (other, user):
        AccessAttempt.objects.create(username=locked.username, ip_address="1.2.3.4", failures_since_start=5)
    act(client, "deactivate", other)
    act(client, "lift_lock", other, user)
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["other"]
    assert (
        client.post(reverse("admin:accounts_user_delete", args=[other.pk]), {"post": "y"}).status_code == 403
    )
    group = Group.objects.create(name="clerks")
    rights = {"name": "clerks", "permissions": [about.first().pk]}
    assert client.post(reverse("admin:auth_group_change", args=[group.pk]), rights).status_code == 403
    assert client.post(reverse("admin:auth_group_add"), rights).status_code == 403
    other.refresh_from_db()
    assert (other.is_active, other.check_password("set by a clerk 1"), group.permissions.count()) == (
        True,
        False,
        0,
    )


def test_ones_own_password_is_changed_with_the_present_one_only(client_for, staff, password):
    client = client_for(staff)
    new = {"usable_password": "true", "password1": "without the old 1", "password2": "without the old 1"}
    for url in (
        reverse("admin:auth_user_password_change", args=[staff.pk]),
        reverse("admin:auth_user_password_change", args=[f"0{staff.pk}"]),
        reverse("admin:auth_user_password_change", args=[f"_2B{staff.pk}"]),
        reverse("admin:password_change"),
    ):
        answer = client.post(url, new | {"old_password": password})
        assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:profile"))
    staff.refresh_from_db()
    assert staff.check_password(password)


def test_an_account_that_is_being_deleted_is_not_opened_again(client_for, staff, make_user):
    leaving = make_user("closed-1", is_active=False, closed_at=timezone.now())
    client = client_for(staff)
    assert "Left out" in act(client, "activate", leaving).content.decode()
    data = {"username": "closed-1", "email": leaving.email, "is_active": "on"}
    assert client.post(reverse("admin:accounts_user_change", args=[leaving.pk]), data).status_code == 403
    leaving.refresh_from_db()
    assert not leaving.is_active


def test_an_account_with_an_older_name_can_be_changed_and_gets_no_other_such_name(client_for, staff, user):
    User.objects.filter(pk=user.pk).update(username="Äda")
    client, url = client_for(staff), reverse("admin:accounts_user_change", args=[user.pk])
    data = {"username": "Äda", "email": user.email, "full_name": "Ada", "is_active": "on"}
    assert client.post(url, data).status_code == 302
    assert client.post(url, data | {"username": "Ädä"}).status_code == 200
    user.refresh_from_db()
    assert (user.username, user.full_name) == ("Äda", "Ada")


def post_while(client, user, data, monkeypatch, meanwhile):
    """The admin's form, and what somebody else does to the row between its reading and its writing."""
    save_form = UserAdmin.save_form

    def slowly(*args, **kwargs):
        meanwhile()
        return save_form(*args, **kwargs)

    monkeypatch.setattr(UserAdmin, "save_form", slowly)
    return client.post(reverse("admin:accounts_user_change", args=[user.pk]), data)


def test_the_form_undoes_nothing_that_was_done_while_it_was_read(client_for, staff, user, monkeypatch):
    def meanwhile():
        another = User.objects.get(pk=user.pk)
        another.set_password("a new one of ada's 1")
        another.email = "elsewhere@example.com"
        another.save()
        another.end_access()

    data = {"username": user.username, "email": user.email, "full_name": "Countess", "is_active": "on"}
    assert post_while(client_for(staff), user, data, monkeypatch, meanwhile).status_code == 302
    user.refresh_from_db()
    assert user.check_password("a new one of ada's 1")
    assert (user.email, user.access_version, user.full_name) == ("elsewhere@example.com", 1, "Countess")


def test_the_form_opens_no_account_that_was_closed_while_it_was_read(client_for, staff, user, monkeypatch):
    def meanwhile():
        User.objects.filter(pk=user.pk).update(closed_at=timezone.now())

    clerks = Group.objects.create(name="clerks")
    data = {"username": user.username, "email": user.email, "full_name": "Countess", "is_active": "on"}
    data |= {"is_staff": "on", "groups": [clerks.pk]}
    assert post_while(client_for(staff), user, data, monkeypatch, meanwhile).status_code == 403
    user.refresh_from_db()
    assert (user.full_name, user.is_staff, user.groups.count()) == ("Ada Lovelace", False, 0)


def test_the_form_gives_roles_and_groups_and_each_is_recorded(client_for, staff, user):
    clerks = Group.objects.create(name="clerks")
    client, url = client_for(staff), reverse("admin:accounts_user_change", args=[user.pk])
    data = {"username": user.username, "email": "ADA@new.example.com", "full_name": user.full_name}
    data |= {"is_active": "on", "is_staff": "on", "groups": [clerks.pk]}
    for _twice in range(2):  # nothing is changed by the second
        assert client.post(url, data).status_code == 302
    user.refresh_from_db()
    assert (user.email, user.is_staff, list(user.groups.all())) == ("ada@new.example.com", True, [clerks])
    about = Entry.objects.filter(action=Action.ROLE_CHANGED, target_id=str(user.pk)).order_by("pk")
    assert [entry.detail for entry in about] == [{"is_staff": True}, {"groups_added": [clerks.pk]}]
