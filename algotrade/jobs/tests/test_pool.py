"""The pool with real job processes: deaths, cancels, deadlines and restarts."""

import contextlib
import os
import signal
import time

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from algotrade.jobs import dispatch, events, services
from algotrade.jobs import pool as pool_module
from algotrade.jobs.models import Job
from algotrade.jobs.places import Place
from algotrade.jobs.pool import LocalPool
from algotrade.jobs.processes import pid_exists
from algotrade.jobs.tests import handlers

PLUGIN = handlers.__name__
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services, pytest.mark.slow]


def database_url():
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    login = f"{values['USER']}:{values['PASSWORD']}@" if values["USER"] else ""
    return f"postgres://{login}{values['HOST']}:{values['PORT'] or 5432}/{values['NAME']}"


@pytest.fixture
def heard(monkeypatch):
    """What the pool would tell the rooms."""
    messages = []
    monkeypatch.setattr(events, "deliver", lambda owner_id, message: messages.append(message))
    return messages


@pytest.fixture
def lingering(monkeypatch):
    """What job processes warm up later takes longer than any wait here."""
    monkeypatch.setenv("LAB_TEST_LINGER_SECONDS", "120")


@pytest.fixture
def start_pool(monkeypatch, heard):
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("LAB_PLUGINS", PLUGIN)
    monkeypatch.setenv("READ_DOT_ENV", "false")
    started = []

    def start(places):
        pool = LocalPool(places)
        started.append(pool)
        monkeypatch.setattr(dispatch, "nudge", pool.nudge)
        pool.start()
        return pool

    yield start
    for pool in started:
        pool.stop()


@pytest.fixture
def pool(start_pool):
    return start_pool(1)


@pytest.fixture
def two_places(start_pool):
    return start_pool(2)


@pytest.fixture
def submit():
    owner = get_user_model().objects.create_user("owner", "owner@example.com", "long-enough-1")

    def make(kind, *, long=False, **payload):
        return services.submit(kind=f"test.{kind}", owner=owner, title=kind, payload=payload, long=long)

    return make


def wait_for(job, *states, seconds=180):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job.refresh_from_db()
        if job.state in states:
            return job
        time.sleep(0.02)
    raise AssertionError(f"{job.title} is {job.state} after {seconds} s, not {states}: {job.error_detail}")


def eventually(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.02)


def process_that_waits(job):
    """The process of a `wait`, once it has stored how far it is.

    Stopped in the middle of that it would hold the lock of SQLite, which nobody else could write then.
    """

    def has_told():
        job.refresh_from_db()
        return job.state == "running" and job.progress == 0.5

    eventually(has_told, seconds=180)
    return int(job.worker.rsplit(":", 1)[1])


def is_idle(pool):
    return not pool._wanted and [place.state for place in pool._places] == ["idle"]


def test_jobs_run_in_their_own_process_and_are_heard_of(pool, submit, heard):
    first, second = submit("succeed"), submit("succeed")
    wait_for(first, "succeeded")
    wait_for(second, "succeeded")
    assert str(os.getpid()) != first.worker.rsplit(":", 1)[1]

    def states():
        return [message["state"] for message in heard if message["id"] == str(first.pk)]

    eventually(lambda: "succeeded" in states())
    assert states()[-1] == "succeeded"
    assert "running" in states()


def test_a_job_does_not_wait_for_what_is_warmed_up_later(lingering, pool, submit):
    wait_for(submit("succeed"), "succeeded")


def test_a_process_that_dies_costs_one_attempt_only(pool, submit):
    job = wait_for(submit("die", deaths=1), "succeeded")
    assert job.attempt == 2


def test_a_job_that_kills_its_process_each_time_ends_failed_and_the_next_job_runs(pool, submit):
    poison, good = submit("die"), submit("succeed")
    assert wait_for(poison, "failed").error_code == "worker_lost"
    assert poison.attempt == 3
    wait_for(good, "succeeded")


def test_a_cancelled_job_stops_within_two_seconds(pool, submit):
    job = wait_for(submit("wait", seconds=60), "running")
    asked = time.monotonic()
    services.request_cancel(job)
    wait_for(job, "cancelled", seconds=20)
    assert time.monotonic() - asked < 10  # room for a busy machine; to its end it takes a minute


@pytest.mark.parametrize("kind", handlers.GRACES)
def test_a_job_that_does_not_listen_is_killed_when_it_was_given_the_time_of_its_kind_to_stop(
    pool, submit, kind
):
    job = wait_for(submit(kind), "running")
    worker = int(job.worker.rsplit(":", 1)[1])
    asked = time.monotonic()
    services.request_cancel(job)
    wait_for(job, "cancelled", seconds=20)
    waited, grace = time.monotonic() - asked, handlers.GRACES[kind]
    assert grace - 0.05 < waited < grace + 10  # room for a busy machine; to its end it takes a minute
    eventually(lambda: not pid_exists(worker))


def test_a_job_past_its_deadline_is_killed_with_words(pool, submit):
    job = wait_for(submit("stubborn"), "failed")
    assert job.error_code == "deadline_exceeded"


def test_a_job_that_a_sweep_has_ended_at_its_deadline_is_killed_at_once(pool, submit):
    job = wait_for(submit("stubborn"), "running")
    Job.objects.filter(pk=job.pk).update(deadline_at=job.started_at)
    services.sweep()
    worker = int(job.worker.rsplit(":", 1)[1])
    eventually(lambda: not pid_exists(worker))
    wait_for(submit("succeed"), "succeeded")


def test_long_work_never_takes_the_first_place_of_a_pool(two_places, submit):
    hours = wait_for(submit("take_hours", seconds=60), "running")
    more = submit("wait", long=True, seconds=60)
    wait_for(submit("succeed"), "succeeded")
    wait_for(submit("succeed"), "succeeded")
    more.refresh_from_db()
    assert more.state == "queued"
    services.request_cancel(hours)
    wait_for(more, "running")
    services.request_cancel(more)
    wait_for(more, "cancelled")


def test_a_process_that_ran_out_of_memory_is_replaced_by_a_fresh_one(pool, submit):
    first = wait_for(submit("exhaust"), "failed")
    assert (first.error_code, first.attempt) == ("out_of_memory", 2)
    assert wait_for(submit("succeed"), "succeeded").worker != first.worker


def test_a_process_that_dies_before_it_could_name_its_job_gives_it_back_at_once(pool, submit, monkeypatch):
    handle = LocalPool._handle

    def deaf(self, place, kind, *values):
        if kind != "claimed":
            handle(self, place, kind, *values)

    monkeypatch.setattr(LocalPool, "_handle", deaf)
    job, until = submit("die", deaths=1), time.monotonic() + 90
    while job.attempt == 0 or job.state != "queued":
        assert time.monotonic() < until
        time.sleep(0.02)
        job.refresh_from_db()
    assert "ended without an answer" in job.message  # the pool's words; the sweeper has others, a lease later


def test_a_pool_that_stops_hands_its_job_back_and_leaves_no_process(pool, submit):
    job = wait_for(submit("wait", seconds=60), "running")
    worker = int(job.worker.rsplit(":", 1)[1])
    pool.stop()
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 0)
    assert not pid_exists(worker)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
def test_a_stopped_process_loses_its_job_to_another(pool, submit, monkeypatch):
    job = submit("wait", seconds=5)
    frozen = process_that_waits(job)
    os.kill(frozen, signal.SIGSTOP)
    try:
        Job.objects.filter(pk=job.pk).update(lease_until="2000-01-01T00:00:00Z")
        wait_for(job, "queued", seconds=20)
        assert job.claim("another:1")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGCONT)
    eventually(lambda: is_idle(pool), seconds=90)  # it has given up what it had, or another one has its place
    job.refresh_from_db()
    assert (job.state, job.worker) == ("running", "another:1")


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
def test_a_process_that_stays_frozen_is_replaced_so_that_its_job_and_the_next_run(pool, submit, settings):
    assert settings.JOB_LEASE_SECONDS == 30  # it is not waited for, once the job was taken away
    job = submit("wait", seconds=5)
    frozen = process_that_waits(job)
    next_job = submit("succeed")
    os.kill(frozen, signal.SIGSTOP)
    try:
        Job.objects.filter(pk=job.pk).update(lease_until="2000-01-01T00:00:00Z")
        eventually(lambda: not pid_exists(frozen), seconds=25)
        wait_for(job, "succeeded")
        wait_for(next_job, "succeeded")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
def test_an_idle_process_that_is_frozen_is_replaced_when_there_is_work(pool, submit, settings):
    settings.JOB_LEASE_SECONDS = 1.0
    idle = int(wait_for(submit("succeed"), "succeeded").worker.rsplit(":", 1)[1])
    eventually(lambda: is_idle(pool))
    os.kill(idle, signal.SIGSTOP)
    try:
        wait_for(submit("succeed"), "succeeded")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(idle, signal.SIGKILL)


def test_the_settings_under_test_have_a_memory_limit(settings):
    assert settings.JOB_MEMORY_LIMIT_MB > 0


def test_a_process_that_cannot_be_started_is_started_later(start_pool, submit, monkeypatch):
    monkeypatch.setattr(pool_module, "RESPAWN_PAUSE_SECONDS", 0.2)
    start, failures = Place.started, [OSError("Too many open files"), MemoryError()]

    def start_at_last(pool, *, reserved):
        if failures:
            raise failures.pop()
        return start(pool, reserved=reserved)

    monkeypatch.setattr(Place, "started", start_at_last)
    start_pool(1)
    wait_for(submit("succeed"), "succeeded")
    assert failures == []
