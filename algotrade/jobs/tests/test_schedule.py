"""What runs by the clock: declared once, kept as rows, run by beat or by the clock of an embedded lab."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import OperationalError, connection
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from algotrade.jobs import clock, schedule, worker
from algotrade.jobs.clock import LocalClock
from algotrade.jobs.schedule import ClockTime, Periodic, declared

TASK = "test.by_the_clock"
NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that only a test moves."""

    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment

    def move(self, **delta):
        self.moment += timedelta(**delta)


@pytest.fixture
def add_task():
    """Make a function a Celery task for the length of a test."""
    current_app.loader.import_default_modules()
    added = []

    def add(name, function):
        def body(*args, **kwargs):
            return function(*args, **kwargs)

        current_app.task(name=name)(body)
        added.append(name)

    yield add
    for name in added:
        current_app.tasks.pop(name)


@pytest.fixture
def calls(add_task):
    """A Celery task under `TASK` that notes its calls."""
    seen = []
    add_task(TASK, lambda *args, **kwargs: seen.append((args, kwargs)))
    return seen


@pytest.fixture
def now():
    return FakeClock(NOON)


def make_row(name="Tick", task=TASK, *, last_run_at=NOON, **fields):
    """A row that runs each minute unless told otherwise, alone in the table."""
    PeriodicTask.objects.exclude(task=TASK).update(enabled=False)
    if not {"crontab", "interval"} & set(fields):
        fields["interval"] = IntervalSchedule.objects.get_or_create(every=1, period="minutes")[0]
    row = PeriodicTask.objects.create(name=name, task=task, **fields)
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=last_run_at)
    return row


def beat():
    """Beat's scheduler, as the celery program makes it; nothing is left to be written when the tests end."""
    scheduler = DatabaseScheduler(app=current_app._get_current_object())
    scheduler._finalize.cancel()
    return scheduler


def tick(clock):
    pause = clock.tick()
    clock.wait_for_tasks()
    return pause


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


# -- The clock of an embedded lab ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_row_runs_when_its_time_has_come_and_not_before(calls, now):
    make_row(kwargs='{"depth": 2}', args="[1]")
    local = LocalClock(now=now)
    now.move(seconds=59)
    assert tick(local) == pytest.approx(1.0)
    assert calls == []
    now.move(seconds=1)
    tick(local)
    assert calls == [((1,), {"depth": 2})]
    tick(local)
    assert len(calls) == 1
    now.move(minutes=1)
    tick(local)
    assert len(calls) == 2
    row = PeriodicTask.objects.get(task=TASK)
    assert (row.last_run_at, row.total_run_count) == (now.moment, 2)


@pytest.mark.django_db(transaction=True)
def test_a_new_row_waits_for_its_first_period(calls):
    row = make_row(last_run_at=None)
    row.refresh_from_db()
    moment = FakeClock(row.date_changed + timedelta(seconds=30))
    tick(LocalClock(now=moment))
    assert calls == []
    moment.move(seconds=31)
    tick(LocalClock(now=moment))
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_a_daily_task_missed_while_the_lab_was_off_runs_once_at_its_start(calls, now):
    daily = CrontabSchedule.objects.create(minute="10", hour="3")
    make_row(crontab=daily, last_run_at=NOON - timedelta(days=3))
    local = LocalClock(now=now)
    tick(local)
    tick(local)
    assert len(calls) == 1
    now.moment = NOON.replace(day=2, hour=3, minute=9)
    tick(local)
    assert len(calls) == 1
    now.move(minutes=1)
    tick(local)
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_two_processes_by_mistake_run_a_row_once(calls, now, monkeypatch):
    make_row(last_run_at=NOON - timedelta(hours=1))
    first, second = LocalClock(now=now), LocalClock(now=now)
    take = LocalClock._take

    def both_have_looked(self, row, moment):
        if self is first:
            assert take(second, row, moment)
        return take(self, row, moment)

    monkeypatch.setattr(LocalClock, "_take", both_have_looked)
    tick(first)
    assert calls == []  # the second one has taken it, and runs it


@pytest.mark.django_db(transaction=True)
def test_the_clock_leaves_the_sweep_to_the_pool_and_what_is_switched_off_alone(calls, now):
    make_row(enabled=False, last_run_at=None)
    PeriodicTask.objects.filter(name="Sweep jobs").update(enabled=True, last_run_at=NOON - timedelta(days=1))
    assert tick(LocalClock(now=now)) == clock.LONGEST_PAUSE
    assert calls == []
    assert PeriodicTask.objects.get(name="Sweep jobs").total_run_count == 0


@pytest.mark.django_db(transaction=True)
def test_a_change_in_the_admin_counts_from_the_next_look(calls, now):
    row = make_row()
    local = LocalClock(now=now)
    now.move(seconds=40)
    tick(local)
    assert calls == []
    row.interval = IntervalSchedule.objects.create(every=20, period="seconds")
    row.save()
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=NOON)
    tick(local)
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_a_start_time_and_a_single_run_are_kept(calls, now):
    make_row(start_time=NOON + timedelta(seconds=10), one_off=True, last_run_at=NOON - timedelta(hours=1))
    local = LocalClock(now=now)
    assert tick(local) == pytest.approx(10.0)
    now.move(seconds=11)
    tick(local)
    now.move(hours=1)
    tick(local)
    assert len(calls) == 1
    assert not PeriodicTask.objects.get(task=TASK).enabled


@pytest.mark.django_db(transaction=True)
def test_a_task_that_fails_or_does_not_exist_stops_nobody(calls, add_task, now, caplog):
    add_task("test.fails", lambda: 1 / 0)
    make_row()
    make_row("Broken", "test.fails")
    make_row("Missing", "test.nowhere")
    PeriodicTask.objects.filter(task__startswith="test.").update(enabled=True, last_run_at=NOON)
    local = LocalClock(now=now)
    for _round in range(2):
        now.move(minutes=1)
        tick(local)
    assert len(calls) == 2
    assert "Broken failed" in caplog.text
    assert caplog.text.count("does not exist") == 1


@pytest.mark.django_db(transaction=True)
def test_a_task_that_still_runs_is_not_started_again(add_task, now):
    going, release = [], threading.Event()
    add_task("test.slow", lambda: (going.append(1), release.wait(10)))
    make_row("Slow", "test.slow")
    local = LocalClock(now=now)
    for _round in range(3):
        now.move(minutes=1)
        local.tick()
    release.set()
    local.wait_for_tasks()
    assert len(going) == 1
    now.move(minutes=1)
    tick(local)
    assert len(going) == 2


@pytest.mark.django_db(transaction=True)
def test_the_clock_survives_a_database_that_is_away(calls, now, monkeypatch, caplog):
    make_row(last_run_at=NOON - timedelta(hours=1))
    local = LocalClock(now=now)
    with monkeypatch.context() as patch:
        patch.setattr(LocalClock, "tick", lambda self: (_ for _ in ()).throw(OperationalError("gone")))
        assert local._guarded_tick() == clock.PAUSE_AFTER_ERROR
    assert "cannot reach the database" in caplog.text
    local._guarded_tick()
    local.wait_for_tasks()
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_looking_costs_one_query_and_keeps_no_connection(now, django_assert_num_queries):
    make_row()
    local = LocalClock(now=now)
    with django_assert_num_queries(1):
        local.tick()
    kept = []

    def look():
        local._guarded_tick()
        kept.append(connection.connection)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert kept == [None]


@pytest.mark.django_db(transaction=True)
def test_stopping_waits_a_moment_for_a_task_and_not_longer(add_task, now):
    release = threading.Event()
    add_task("test.hangs", lambda: release.wait(30))
    make_row("Hangs", "test.hangs", last_run_at=NOON - timedelta(hours=1))
    local = LocalClock(now=now)
    local.start()
    until = time.monotonic() + 10
    while "Hangs" not in local._running and time.monotonic() < until:
        time.sleep(0.02)
    assert "Hangs" in local._running
    began = time.monotonic()
    local.stop()
    assert time.monotonic() - began < clock.STOP_GRACE_SECONDS + 1.0
    assert not local._thread.is_alive()
    release.set()
    local.wait_for_tasks()


@pytest.mark.django_db(transaction=True)
def test_only_the_embedded_lab_has_a_clock_and_ends_it(monkeypatch):
    class Pool:
        def __init__(self, *args, **kwargs): ...
        def start(self): ...
        def stop(self): ...

    monkeypatch.setattr(worker, "LocalPool", Pool)
    worker.start()
    assert worker._clock is None
    worker.stop()
    worker.start(sweeping=True)
    local = worker._clock
    assert local is not None
    assert local._thread.is_alive()
    worker.stop()
    assert not local._thread.is_alive()
    assert worker._clock is None


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
def test_staff_have_a_task_run_at_the_next_look(page_staff, now):
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
