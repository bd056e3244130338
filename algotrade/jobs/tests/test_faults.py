"""What a job and the sweeper do while the database restarts, clocks differ and several mend at once."""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from algotrade.jobs import context, runner, services
from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from algotrade.jobs.tests import handlers
from algotrade.jobs.tests.test_claiming import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
HANDLERS = handlers.__name__
GONE = OperationalError("server closed the connection unexpectedly")


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(runner, "PAUSE_SECONDS", 0.01)


@pytest.fixture
def claimed(user):
    def make(kind, **payload):
        job = services.submit(kind=f"test.{kind}", owner=user, title=kind, payload=payload)
        assert job.claim("host:1")
        return job

    return make


def failing(monkeypatch, name, times, error=GONE):
    """Let the first calls of a method of `Job` fail."""
    real, calls = getattr(Job, name), []

    def method(self, *args, **kwargs):
        calls.append(name)
        if len(calls) <= times:
            raise error
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Job, name, method)
    return calls


def test_progress_that_cannot_be_kept_costs_nothing(claimed, monkeypatch):
    monkeypatch.setattr(context, "PROGRESS_INTERVAL_SECONDS", 0.0)
    failing(monkeypatch, "record_progress", 3)
    job = claimed("succeed")
    run(job)
    job.refresh_from_db()
    assert (job.state, job.payload) == ("succeeded", {"stored": True})


def test_a_result_is_written_when_the_database_is_back(claimed, monkeypatch):
    calls = failing(monkeypatch, "succeed", 2)
    job = claimed("succeed")
    run(job)
    job.refresh_from_db()
    assert (job.state, job.payload, len(calls)) == ("succeeded", {"stored": True}, 3)


def test_a_result_whose_commit_was_answered_by_nobody_is_written_once(claimed, monkeypatch, caplog):
    real = Job.succeed

    def no_answer(self, store, timings):
        real(self, store, timings)
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(Job, "succeed", no_answer)
    job = claimed("succeed")
    run(job)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.payload) == ("succeeded", 1, {"stored": True})
    assert "nothing was written" in caplog.text


def test_a_database_that_stays_away_leaves_the_job_to_the_sweeper(claimed, monkeypatch, settings):
    settings.JOB_LEASE_SECONDS = 0.05
    failing(monkeypatch, "succeed", 10_000)
    job = claimed("succeed")
    with pytest.raises(OperationalError):
        run(job)
    assert Job.objects.get(pk=job.pk).state == "running"
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    services.sweep()
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_job_that_met_no_database_is_tried_again_and_ends_after_three(claimed):
    job = claimed("lose_the_database")
    run(job)
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 1)
    for _ in range(2):
        assert job.claim("host:1")
        run(job)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error_code) == ("failed", 3, "database_unavailable")


@pytest.mark.parametrize(
    "error", [GONE, InterfaceError("closed"), MemoryError()], ids=["gone", "closed", "memory"]
)
def test_a_heartbeat_outlives_what_hinders_it(claimed, monkeypatch, settings, error):
    settings.JOB_BEAT_SECONDS = 0.02
    calls = failing(monkeypatch, "heartbeat", 2, error)
    job = claimed("wait", seconds=30)
    services.request_cancel(Job.objects.get(pk=job.pk))
    run(job)  # only a heartbeat tells it of the cancel
    assert Job.objects.get(pk=job.pk).state == "cancelled"
    assert len(calls) >= 3


def test_a_process_that_ran_out_of_memory_makes_room_for_another(claimed):
    assert run(claimed("succeed"))
    assert not run(claimed("exhaust"))


def test_a_sweeper_whose_own_clock_is_wrong_touches_nothing(claimed, monkeypatch):
    job = claimed("wait")
    monkeypatch.setattr(timezone, "now", lambda: job.created_at + timedelta(days=3))
    assert services.sweep() == 0
    assert Job.objects.get(pk=job.pk).state == "running"


def test_sweepers_that_run_at_once_give_a_job_back_once(claimed):
    jobs = [claimed("wait") for _ in range(3)]
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sum(at_once(lambda number: services.sweep(), 4)) == len(jobs)
    states = Job.objects.values_list("state", "attempt", "seq")
    assert {(state, attempt) for state, attempt, _seq in states} == {("queued", 1)}


def test_a_sweeper_passes_over_a_job_that_is_being_written_to(claimed):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    job = claimed("wait")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(message="a heartbeat holds the row")
        assert at_once(lambda number: services.sweep(), 1) == [0]
    assert services.sweep() == 1


def test_a_worker_that_comes_back_in_time_keeps_its_job(claimed):
    job = claimed("wait")
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert job.heartbeat() is False
    assert services.sweep() == 0
