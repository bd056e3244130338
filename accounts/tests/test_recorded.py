"""What cannot be recorded in the audit log is not done."""

import pytest
from axes.models import AccessAttempt
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import UserService
from algotrade.audit.actions import Action
from algotrade.audit.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)


class LogIsFull(Exception):
    """Nothing can be added to the log."""


@pytest.fixture
def full_log(monkeypatch):
    """From its call on, no entry of an action can be written."""

    def fill(*actions):
        write = type(Entry.objects).create

        def create(manager, **fields):
            if fields["action"] in actions:
                raise LogIsFull
            return write(manager, **fields)

        monkeypatch.setattr(type(Entry.objects), "create", create)

    return fill


def test_no_account_is_made(full_log, db):
    full_log(Action.REGISTERED)
    with pytest.raises(LogIsFull):
        UserService.register(username="ada", email="ada@example.com", password="long enough 17")
    assert not User.objects.exists()


def test_no_profile_is_changed(full_log, user):
    full_log(Action.PROFILE_CHANGED)
    with pytest.raises(LogIsFull):
        UserService.update_profile(user, full_name="Countess")
    user.refresh_from_db()
    assert user.full_name == "Ada Lovelace"


def test_no_password_is_set(full_log, user, password):
    full_log(Action.PASSWORD_CHANGED)
    user.set_password("another one 17")
    with pytest.raises(LogIsFull):
        user.save()
    user.refresh_from_db()
    assert user.check_password(password)


def test_no_password_is_taken_away_in_the_admin(full_log, staff, user, client_for, password):
    full_log(Action.PASSWORD_CHANGED)
    with pytest.raises(LogIsFull):
        client_for(staff).post(
            reverse("admin:auth_user_password_change", args=[user.pk]),
            {"usable_password": "false", "unset-password": "1"},
        )
    user.refresh_from_db()
    assert user.check_password(password)


def test_no_superuser_is_made(full_log, db):
    full_log(Action.ROLE_CHANGED)
    with pytest.raises(LogIsFull):
        User.objects.create_superuser("root", "root@example.com", "long enough 17")
    assert not User.objects.exists()


def test_no_lock_is_lifted(full_log, staff, user, client_for):
    AccessAttempt.objects.create(username="ada", ip_address="1.2.3.4", failures_since_start=5)
    full_log(Action.UNLOCKED)
    data = {"action": "lift_lock", "_selected_action": [user.pk]}
    with pytest.raises(LogIsFull):
        client_for(staff).post(reverse("admin:accounts_user_changelist"), data)
    assert AccessAttempt.objects.count() == 1


def test_a_failed_log_in_counts_although_it_cannot_be_recorded(full_log, user):
    full_log(Action.LOGIN_FAILED)
    wrong = {"username": "ada", "password": "a wrong guess"}
    with pytest.raises(LogIsFull):
        APIClient().post(reverse("auth-login"), wrong, format="json")
    assert AccessAttempt.objects.filter(username="ada", failures_since_start=1).exists()
