"""The audit log as staff see it."""

import csv
import io

import pytest
from django.urls import reverse

from algotrade.audit.actions import Action
from algotrade.audit.models import Entry
from algotrade.audit.services import record

pytestmark = pytest.mark.django_db
LIST = "admin:audit_entry_changelist"


@pytest.fixture
def log(user, other_user):
    record(Action.LOGGED_IN, actor=user, target_name="first")
    record(Action.EXPORTED, actor=other_user, target_name="=2+2")
    return list(Entry.objects.order_by("pk"))


def rows(client, **query):
    page = client.get(reverse(LIST), query)
    assert page.status_code == 200
    return [entry.actor_name for entry in page.context["cl"].result_list if entry.actor_name != "boss"]


def test_staff_filter_by_action_actor_and_date_and_search(client_for, staff, log):
    client = client_for(staff)
    assert set(rows(client)) == {"ada", "grace"}
    assert rows(client, action__exact="data.exported") == ["grace"]
    assert rows(client, actor_name__icontains="ad") == ["ada"]
    assert rows(client, at__year="2001") == []
    assert rows(client, q="first") == ["ada"]


def test_staff_without_further_permissions_see_it_and_others_do_not(client_for, make_user, user, log):
    clerk = make_user("clerk", is_staff=True)
    assert set(rows(client_for(clerk))) >= {"ada", "grace"}
    assert client_for(user).get(reverse(LIST)).status_code == 302


def test_nobody_changes_it_there(client_for, staff, log):
    client = client_for(staff)
    entry = log[0]
    assert client.get(reverse("admin:audit_entry_change", args=[entry.pk])).status_code == 200
    assert (
        client.post(reverse("admin:audit_entry_change", args=[entry.pk]), {"actor_name": "x"}).status_code
        == 403
    )
    assert (
        client.post(reverse("admin:audit_entry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    )
    assert client.get(reverse("admin:audit_entry_add")).status_code == 403
    client.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"})
    assert Entry.objects.filter(pk=entry.pk, actor_name="ada").exists()


def test_the_csv_is_neutralised_and_recorded(client_for, staff, log):
    answer = client_for(staff).post(
        reverse(LIST), {"action": "export_csv", "_selected_action": [entry.pk for entry in log]}
    )
    table = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert {row["target_name"] for row in table} == {"first", "'=2+2"}
    newest = Entry.objects.first()
    assert (newest.action, newest.actor_name) == ("data.exported", "boss")
    assert newest.target_name.startswith("audit-log-")
