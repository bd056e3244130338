"""What was recorded stays: neither the models nor the database let anybody change it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from algotrade.audit.actions import Action
from algotrade.audit.errors import AppendOnly
from algotrade.audit.models import Entry, Permit
from algotrade.audit.services import prune, record

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def old_entry(days):
    entry = record(Action.EXPORTED, target_name=f"{days} days old")
    with transaction.atomic():  # as if it had been written then
        permit = Permit.objects.create(before=timezone.now() + timedelta(days=1))
        Entry.objects.filter(pk=entry.pk)._raw_delete("default")
        permit.delete()
    return Entry.objects.create(action=entry.action, at=timezone.now() - timedelta(days=days))


def test_the_models_refuse_to_change_or_remove():
    entry = record(Action.LOGGED_IN)
    for attempt in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(actor_name="nobody"),
        lambda: Entry.objects.bulk_update([entry], ["actor_name"]),
    ):
        with pytest.raises(AppendOnly):
            attempt()
    assert Entry.objects.get().actor_name == ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor_name = 'nobody'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_entry WHERE action = 'login.succeeded'",
    ],
    ids=["update", "delete", "delete_some"],
)
def test_the_database_refuses_too(statement):
    record(Action.LOGGED_IN, target_name="kept")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Entry.objects.get().target_name == "kept"


def test_the_database_refuses_to_write_over_a_row_or_to_empty_the_table():
    entry = record(Action.LOGGED_IN, target_name="kept")
    statement = "TRUNCATE audit_entry"
    if connection.vendor == "sqlite":
        columns = "id, at, action, actor_name, target_kind, target_id, target_name, detail, via, request_id"
        statement = (
            f"REPLACE INTO audit_entry ({columns}) "  # noqa: S608  our own words
            f"VALUES ({entry.pk}, '2026-01-01', 'logout', '', '', '', 'changed', '{{}}', 'lab', '')"
        )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Entry.objects.get().target_name == "kept"


def test_pruning_removes_what_is_older_and_says_that_it_did(monkeypatch):
    monkeypatch.setattr("algotrade.audit.services.PRUNED_AT_ONCE", 2)
    for days in (400, 399, 398, 397, 20):
        old_entry(days)
    assert prune(timezone.now() - timedelta(days=365)) == 4
    newest, kept = Entry.objects.all()
    assert (newest.action, newest.detail["entries"]) == (Action.PRUNED, 4)
    assert kept.at < timezone.now() - timedelta(days=19)
    assert not Permit.objects.exists()


def test_a_permit_lets_only_older_entries_go():
    old_entry(400)
    record(Action.LOGGED_IN)
    Permit.objects.create(before=timezone.now() - timedelta(days=365))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("DELETE FROM audit_entry")
    assert Entry.objects.count() == 2


def test_the_command_prunes_and_refuses_senseless_days(capsys):
    old_entry(10)
    call_command("prune_audit", days=9)
    assert "1 entries" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 to 36500"):
        call_command("prune_audit", days=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_tests_with_real_transactions_begin_with_an_empty_log(turn):
    assert not Entry.objects.exists()
    record(Action.LOGGED_IN)


def test_what_is_rolled_back_is_not_recorded():
    def change_and_fail():
        with transaction.atomic():
            record(Action.DELETED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert not Entry.objects.exists()
