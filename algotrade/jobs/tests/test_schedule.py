"""What runs by the clock: declared once, kept as rows, read by beat, changed by staff."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.core.management import call_command
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from algotrade.jobs import schedule
from algotrade.jobs.schedule import ClockTime, Periodic, declared

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


def beat():
    """Beat's scheduler, as the celery program makes it; nothing is left to be written when the tests end."""
    scheduler = DatabaseScheduler(app=current_app._get_current_object())
    scheduler._finalize.cancel()
    return scheduler


# -- Declaring -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_after_the_migrations_each_declared_task_has_its_row():
    rows = {row.name: row for row in PeriodicTask.objects.all()}
    assert {item.name for item in declared()} == set(rows)
    assert rows["Sweep jobs"].task == "jobs.sweep"
    assert str(rows["Sweep jobs"].interval) == "every 5 seconds"
    assert str(rows["Refresh feeds"].interval) == "every minute"
    assert rows["Collect snapshots"].crontab.hour == "3"
    assert rows["Check snapshots"].crontab.day_of_week == "0"


@pytest.mark.django_db
def test_what_staff_changed_stays_and_what_code_decides_follows_it():
    PeriodicTask.objects.filter(name="Collect snapshots").update(
        enabled=False, crontab=CrontabSchedule.objects.create(minute="5", hour="22"), task="an.older.name"
    )
    PeriodicTask.objects.filter(name="Sweep jobs").update(enabled=False)
    schedule.sync()
    kept = PeriodicTask.objects.get(name="Collect snapshots")
    assert (kept.enabled, kept.crontab.hour) == (False, "22")
    assert kept.task == "marketdata.collect_snapshots"
    assert PeriodicTask.objects.get(name="Sweep jobs").enabled, "nothing works without the sweeper"


@pytest.mark.django_db
def test_a_deleted_row_comes_back_with_the_next_migration():
    PeriodicTask.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert PeriodicTask.objects.count() == len(declared())


@pytest.mark.django_db
def test_a_second_look_writes_nothing(django_assert_num_queries):
    schedule.sync()
    with django_assert_num_queries(4):  # the tables' names, a savepoint's two ends, and the rows
        schedule.sync()


def test_a_name_is_declared_once():
    with pytest.raises(ValueError, match="declared twice"):
        schedule.register_periodic(Periodic("Sweep jobs", "jobs.sweep", timedelta(seconds=1), "again"))


def test_each_declared_task_exists_and_takes_no_arguments():
    current_app.loader.import_default_modules()
    for item in declared():
        assert item.task in current_app.tasks, item.name
        assert isinstance(item.when, timedelta | ClockTime)


@pytest.mark.django_db(transaction=True)
def test_beat_finds_the_same_rows_and_adds_none_of_its_own():
    before = set(PeriodicTask.objects.values_list("name", flat=True))
    scheduler = beat()
    assert {"Sweep jobs", "Refresh feeds"} <= set(scheduler.schedule)
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == before


@pytest.mark.django_db(transaction=True)
def test_beat_sends_a_due_row_with_its_name_and_its_expiry(monkeypatch):
    sent = []
    monkeypatch.setattr(DatabaseScheduler, "apply_async", lambda self, entry, **k: sent.append(entry))
    PeriodicTask.objects.exclude(name="Refresh feeds").update(enabled=False)
    PeriodicTask.objects.filter(name="Refresh feeds").update(last_run_at=NOON - timedelta(days=3650))
    scheduler = beat()
    scheduler.tick()
    assert [(entry.task, entry.options["expires"]) for entry in sent] == [("marketdata.refresh_feeds", 60)]


# -- The admin -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_staff_see_the_schedule_and_change_when_a_task_runs(page_staff):
    listed = page_staff.get(reverse("admin:django_celery_beat_periodictask_changelist")).content.decode()
    assert "Refresh feeds" in listed
    assert "every minute" in listed
    row = PeriodicTask.objects.get(name="Refresh feeds")
    url = reverse("admin:django_celery_beat_periodictask_change", args=[row.pk])
    assert page_staff.get(url).status_code == 200
    five = IntervalSchedule.objects.create(every=5, period="minutes")
    answer = page_staff.post(url, {"enabled": "on", "interval": five.pk, "crontab": "", "task": "evil.task"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    row.refresh_from_db()
    assert (row.interval_id, row.task) == (five.pk, "marketdata.refresh_feeds")


@pytest.mark.django_db
def test_a_row_needs_one_kind_of_time(page_staff):
    row = PeriodicTask.objects.get(name="Refresh feeds")
    url = reverse("admin:django_celery_beat_periodictask_change", args=[row.pk])
    answer = page_staff.post(url, {"enabled": "on", "interval": "", "crontab": ""})
    assert answer.status_code == 200
    assert "must be set" in answer.content.decode()


@pytest.mark.django_db
def test_declared_tasks_are_neither_added_nor_deleted_in_the_admin(page_staff):
    row = PeriodicTask.objects.get(name="Refresh feeds")
    old = PeriodicTask.objects.create(name="Of an older version", task="gone", interval=row.interval)
    name = "admin:django_celery_beat_periodictask"
    assert page_staff.get(reverse(f"{name}_add")).status_code == 403
    assert page_staff.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert page_staff.post(reverse(f"{name}_delete", args=[old.pk]), {"post": "yes"}).status_code == 302
    used = reverse("admin:django_celery_beat_intervalschedule_delete", args=[row.interval_id])
    assert page_staff.post(used, {"post": "yes"}).status_code == 403
    assert PeriodicTask.objects.filter(pk=row.pk).exists()


@pytest.mark.django_db
def test_staff_have_a_task_run_at_the_next_look(page_staff):
    row = PeriodicTask.objects.get(name="Collect snapshots")
    url = reverse("admin:django_celery_beat_periodictask_changelist")
    page_staff.post(url, {"action": "run_at_next_look", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.last_run_at < datetime.now(UTC) - timedelta(days=300)
    assert row.schedule.is_due(row.last_run_at).is_due


@pytest.mark.django_db
def test_others_do_not_see_the_schedule(page):
    answer = page.get(reverse("admin:django_celery_beat_periodictask_changelist"))
    assert answer.status_code == 302
    assert "login" in answer.url
