"""What the log holds after things were done, and what it never holds."""

import json

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from algotrade.audit.actions import Action
from algotrade.audit.models import Entry
from algotrade.audit.services import latest_about, record
from marketdata.incoming.submissions import submit_generation
from marketdata.synthetic import SyntheticSpec
from strategies.models import Strategy

pytestmark = pytest.mark.django_db


def recorded(**wanted):
    return list(
        Entry.objects.filter(**wanted).order_by("pk").values_list("action", "actor_name", "target_name")
    )


def log_in(name, password, **extra):
    return APIClient().post(
        reverse("auth-login"), {"username": name, "password": password}, format="json", **extra
    )


def test_log_ins_failures_lock_outs_and_log_outs_by_script(user, password):
    pair = log_in("ada@example.com", password, REMOTE_ADDR="10.1.2.3").json()
    APIClient().post(reverse("auth-logout"), {"refresh": pair["refresh"]}, format="json")
    APIClient().post(reverse("auth-logout"), {"refresh": pair["refresh"]}, format="json")  # twice is once
    assert recorded() == [("login.succeeded", "ada", "ada"), ("logout", "ada", "ada")]
    assert Entry.objects.earliest("pk").address == "10.1.2.3"
    for _ in range(6):
        log_in("ADA", "a wrong guess")
    assert recorded()[2:] == [("login.failed", "", "ada")] * 5 + [("login.locked", "", "ada")]


def test_log_ins_and_log_outs_by_page(user, password):
    client = Client()
    client.post(
        reverse("accounts:login"),
        {"username": "ada", "password": password},
        headers={"X-Request-ID": "0123456789"},
    )
    client.post(reverse("accounts:logout"))
    assert recorded() == [("login.succeeded", "ada", "ada"), ("logout", "ada", "ada")]
    entry = Entry.objects.earliest("pk")
    assert (entry.request_id, entry.via) == ("0123456789", "page")


def test_a_name_that_is_nobodys_is_not_kept_because_it_may_be_a_password(db):
    log_in("my secret password", "x")
    assert recorded() == [("login.failed", "", "(no such account)")]
    assert "my secret" not in str(list(Entry.objects.values()))


def test_through_which_door_somebody_came(user, password, client_for, staff):
    access = log_in("ada", password).json()["access"]
    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    made = script.post(reverse("auth-token-list"), {"name": "x", "scope": "run"}, format="json").json()
    strategy = {"name": "s", "strategy_type": "rsi", "symbol": "AAPL", "initial_capital": 1000}
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {made['token']}")
    pk = script.post("/api/strategies/", strategy, format="json").json()["id"]
    assert script.delete(f"/api/strategies/{pk}/").status_code == 204
    client_for(staff).post(
        reverse("admin:accounts_user_changelist"), {"action": "deactivate", "_selected_action": [user.pk]}
    )
    doors = {entry.action: (entry.via, entry.actor_name) for entry in Entry.objects.all()}
    assert doors["login.succeeded"] == ("bearer", "ada")
    assert doors["token.made"] == ("bearer", "ada")
    assert doors["data.deleted"] == ("api_token", "ada")
    assert doors["account.deactivated"] == ("admin", "boss")


def test_what_is_done_in_the_admin_is_named_with_what_it_was_done_to(client_for, staff, user, make_user):
    group = Group.objects.create(name="clerks")
    client = client_for(staff)
    url = reverse("admin:accounts_user_change", args=[user.pk])
    data = {"username": "ada", "email": user.email, "is_active": "on", "is_staff": "on", "groups": [group.pk]}
    assert client.get(url).status_code == 200
    assert client.post(url, data | {"email": "nowhere"}).status_code == 200  # refused: nothing was done
    assert recorded(action="admin.changed") == []
    assert client.post(url, data).status_code == 302
    said = {entry.action: entry for entry in Entry.objects.exclude(action="login.succeeded")}
    role = Entry.objects.filter(action="account.role").order_by("pk")
    assert [entry.detail for entry in role] == [{"is_staff": True}, {"groups_added": [group.pk]}]
    assert (said["admin.changed"].target_name, said["admin.changed"].detail["number"]) == (
        "accounts_user_change",
        str(user.pk),
    )
    assert "Staff" in said["admin.changed"].detail["notes"][0]
    group.permissions.add(Permission.objects.first())
    assert Entry.objects.filter(action="account.role", target_kind="auth.group").count() == 1
    client.post(
        reverse("admin:auth_user_password_change", args=[user.pk]),
        {"usable_password": "true", "password1": "set by the staff 1", "password2": "set by the staff 1"},
    )
    assert recorded(action="account.password") == [("account.password", "boss", "ada")]
    assert "set by the staff" not in str(list(Entry.objects.values()))


def test_a_superuser_made_by_command_is_recorded(make_user):
    User.objects.create_superuser("root", "root@example.com", "long enough 17")
    assert recorded() == [("account.role", "", "root")]


def test_downloads_and_deletions_are_recorded(client_for, user):
    strategy = Strategy.objects.create(
        user=user, name="gone", strategy_type="rsi", symbol="X", initial_capital=1000
    )
    client = client_for(user)
    assert client.get(reverse("backtests:export")).status_code == 200
    assert client.post(reverse("strategies:delete", args=[strategy.pk])).status_code == 302
    assert recorded(via="page", action__startswith="data.") == [
        ("data.exported", "ada", "backtests.csv"),
        ("data.deleted", "ada", "gone"),
    ]


def test_a_new_series_for_everybody_is_recorded_and_ones_own_is_not(staff):
    spec = SyntheticSpec(bars=10)
    submit_generation(owner=staff, symbol="MINE", spec=spec)
    assert recorded(action="data.shared") == []
    submit_generation(owner=staff, symbol="OURS", spec=spec, shared=True)
    assert recorded(action="data.shared") == [("data.shared", "boss", "OURS 1d")]


def test_no_secret_gets_into_it(user, password, client_for):
    secrets = [password, "another fine one", "wrong guess 1"]
    pair = log_in("ada", password).json()
    log_in("ada", "wrong guess 1")
    client = client_for(user)
    client.post(
        reverse("accounts:profile"),
        {"section": "password", "current_password": password, "new_password": "another fine one"},
    )
    page = client.post(
        reverse("accounts:tokens"), {"name": "x", "scope": "read", "expires_in_days": "30"}
    ).content.decode()
    secrets += [pair["access"], pair["refresh"], page.partition('value="lab_')[2].partition('"')[0][4:]]
    assert len(secrets[-1]) > 30
    kept = json.dumps(list(Entry.objects.values()), default=str)
    assert {"account.password", "token.made"} <= {entry.action for entry in Entry.objects.all()}
    assert not [secret for secret in secrets if secret in kept]


def test_long_and_odd_values_are_cut_and_kept(user):
    entry = record(
        Action.EXPORTED, target_name="x\x00" * 500, many=list(range(500)), deep={"a": {"b": "c" * 999}}
    )
    entry.refresh_from_db()
    assert len(entry.target_name) == 200
    assert len(entry.detail["many"]) == 50
    assert len(entry.detail["deep"]["a"]["b"]) == 200


def test_one_reads_about_oneself_only(user, other_user, client_for):
    record(Action.EXPORTED, actor=other_user, target_name="of grace")
    record(Action.DEACTIVATED, actor=other_user, target=user)
    record(Action.EXPORTED, actor=user, target_name="of ada")
    assert [entry.action for entry in latest_about(user, 10)] == ["data.exported", "account.deactivated"]
    page = client_for(user).get(reverse("accounts:profile")).content.decode()
    assert "of ada" in page
    assert "of grace" not in page


def test_what_is_done_in_a_window_of_its_own_is_recorded_too(client_for, staff, user):
    client, window = client_for(staff), {"_popup": "1"}
    new = {
        "username": "new",
        "email": "new@example.com",
        "password1": "first of all 1",
        "password2": "first of all 1",
    }
    made = client.post(reverse("admin:accounts_user_add"), new | window | {"usable_password": "true"})
    assert (made.status_code, User.objects.filter(username="new").exists()) == (200, True)
    url = reverse("admin:accounts_user_change", args=[user.pk])
    data = {"username": "ada", "email": "other@example.com", "is_active": "on"} | window
    assert client.post(url, data | {"email": "nowhere"}).status_code == 200  # refused: nothing was done
    assert client.post(url, data).status_code == 200
    group = Group.objects.create(name="clerks")
    client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"} | window)
    assert [row[2] for row in recorded(action="admin.changed")] == [
        "accounts_user_add",
        "accounts_user_change",
        "auth_group_delete",
    ]


def test_a_new_password_is_recorded_whichever_way_it_was_set(user, password):
    user.set_password("set by a command 1")
    user.save()
    user.save()
    assert user.check_password("set by a command 1")
    assert recorded() == [("account.password", "", "ada")]


def test_wrong_guesses_of_somebody_who_is_signed_in_are_recorded(client_for, user):
    form = {"section": "password", "current_password": "a guess", "new_password": "another fine one"}
    assert client_for(user).post(reverse("accounts:profile"), form).status_code == 422
    assert recorded(action__startswith="password.") == [("password.refused", "ada", "ada")]
