"""The clock of an embedded lab runs the rows of the schedule when they are due, each once."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app
from django.db import OperationalError, connection
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from algotrade.jobs import clock, worker
from algotrade.jobs.clock import LocalClock

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


def tick(clock):
    pause = clock.tick()
    clock.wait_for_tasks()
    return pause


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
    assert time.monotonic() - began < 10  # the task alone would take thirty
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
    worker.start(clock=True)
    local = worker._clock
    assert local is not None
    assert local._thread.is_alive()
    worker.stop()
    assert not local._thread.is_alive()
    assert worker._clock is None


@pytest.mark.django_db(transaction=True)
def test_a_row_that_can_never_be_due_is_said_once_and_the_rows_after_it_go_on(calls, now, caplog):
    never = CrontabSchedule.objects.create(minute="0", hour="0", day_of_month="30", month_of_year="2")
    unusable = make_row("Thirtieth of February", crontab=never)
    make_row(last_run_at=NOON - timedelta(hours=1))
    assert PeriodicTask.objects.enabled().order_by("pk").first() == unusable
    local = LocalClock(now=now)
    tick(local)
    assert len(calls) == 1
    now.move(minutes=1)
    tick(local)
    assert len(calls) == 2
    assert caplog.text.count("Thirtieth of February cannot be scheduled") == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_over_a_row_is_no_fault_of_the_row(calls, now, monkeypatch, caplog):
    make_row(last_run_at=NOON - timedelta(hours=1))
    local = LocalClock(now=now)
    with monkeypatch.context() as patch:
        patch.setattr(LocalClock, "_take", lambda *args: (_ for _ in ()).throw(OperationalError("gone")))
        assert local._guarded_tick() == clock.PAUSE_AFTER_ERROR
    assert "cannot reach the database" in caplog.text
    assert "cannot be scheduled" not in caplog.text
