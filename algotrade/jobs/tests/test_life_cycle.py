"""The state machine, run in this process."""

import os
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from algotrade.jobs import checkpoints, services
from algotrade.jobs.errors import AlreadyEnded, LeaseLost, QueueFull, UnknownKind
from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from algotrade.jobs.tests import handlers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.fixture
def submit(user):
    def make(kind, **payload):
        return services.submit(kind=f"test.{kind}", owner=user, title=kind, payload=payload)

    return make


def claimed(job, worker="host:1"):
    assert job.claim(worker)
    return job


def test_a_job_runs_from_queued_to_succeeded_and_stores_its_result(submit):
    job = submit("succeed")
    assert job.state == "queued"
    run(claimed(job))
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert job.progress == 1.0
    assert job.payload == {"stored": True}
    assert job.lease_until is None
    assert job.finished_at is not None
    assert job.timings["run_seconds"] >= 0


def test_every_change_of_state_reaches_the_kinds_hook(submit):
    handlers.seen_states.clear()
    job = submit("succeed")
    run(claimed(job))
    assert [state for pk, state in handlers.seen_states if pk == str(job.pk)] == ["running", "succeeded"]


def test_only_one_of_two_claims_wins(submit):
    job = submit("succeed")
    twin = Job.objects.get(pk=job.pk)
    assert job.claim("a:1")
    assert not twin.claim("b:2")
    assert Job.objects.get(pk=job.pk).worker == "a:1"


def test_an_error_raised_on_purpose_keeps_its_code_and_words(submit):
    job = submit("refuse")
    run(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "too_few_bars")
    assert "needs 30" in job.error_detail


def test_an_unexpected_error_tells_no_secrets(submit):
    job = submit("crash")
    run(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "internal_error")
    assert "secret" not in job.error_detail
    assert str(job.pk) in job.error_detail


def test_a_store_that_fails_leaves_nothing_half_written(submit):
    job = submit("store_badly")
    run(claimed(job))
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.payload == {}


def test_memory_exhausted_twice_ends_the_job(submit):
    job = submit("exhaust")
    run(claimed(job))
    job.refresh_from_db()
    assert job.state == "queued"
    run(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error_code) == ("failed", 2, "out_of_memory")


def test_a_zombie_writes_nothing(submit):
    zombie = claimed(submit("succeed"))
    Job.objects.filter(pk=zombie.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    services.sweep()
    heir = Job.objects.get(pk=zombie.pk)
    assert heir.state == "queued"
    assert heir.claim("heir:2")
    for write in (
        zombie.heartbeat,
        lambda: zombie.record_progress(0.9, "late"),
        lambda: zombie.succeed(lambda: None, {}),
        lambda: zombie.fail("late", "late"),
        zombie.cancel,
    ):
        with pytest.raises(LeaseLost):
            write()
    heir.refresh_from_db()
    assert (heir.state, heir.progress, heir.worker) == ("running", 0.0, "heir:2")


def test_a_lease_lost_three_times_ends_the_job(submit):
    job = submit("succeed")
    for _ in range(3):
        assert Job.objects.get(pk=job.pk).claim("gone:1")
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        services.sweep()
    job.refresh_from_db()
    assert (job.state, job.error_code, job.attempt) == ("failed", "worker_lost", 3)


def test_a_job_past_its_deadline_ends_with_words(submit):
    job = claimed(submit("wait"))
    Job.objects.filter(pk=job.pk).update(deadline_at=timezone.now() - timedelta(seconds=1))
    services.sweep()
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "deadline_exceeded")
    assert "60 seconds" in job.error_detail


def test_a_waiting_job_is_cancelled_at_once(submit):
    job = services.request_cancel(submit("succeed"))
    assert job.state == "cancelled"
    assert not Job.objects.get(pk=job.pk).claim("a:1")


def test_a_running_job_is_told_to_stop_and_stops(submit):
    job = claimed(submit("wait", seconds=30))
    services.request_cancel(Job.objects.get(pk=job.pk))
    run(job)
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_cancel_that_was_accepted_is_kept_even_when_the_work_was_done_by_then(submit):
    job = claimed(submit("succeed"))
    services.request_cancel(Job.objects.get(pk=job.pk))
    run(job)  # done before its first heartbeat
    job.refresh_from_db()
    assert (job.state, job.payload) == ("cancelled", {})


def test_a_job_whose_worker_is_lost_after_the_cancel_does_not_wait_again(submit):
    job = claimed(submit("wait"))
    services.request_cancel(Job.objects.get(pk=job.pk))
    job.give_back("Lost.")  # this process knows nothing of the cancel yet
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("cancelled", "")


def test_an_ended_job_cannot_be_cancelled_but_a_failed_one_can_be_tried_again(submit):
    job = submit("refuse")
    run(claimed(job))
    with pytest.raises(AlreadyEnded, match="failed"):
        services.request_cancel(Job.objects.get(pk=job.pk))
    again = services.requeue(Job.objects.get(pk=job.pk))
    assert (again.state, again.attempt, again.error_code) == ("queued", 0, "")


def test_a_succeeded_job_cannot_be_queued_again(submit):
    job = submit("succeed")
    run(claimed(job))
    with pytest.raises(AlreadyEnded):
        services.requeue(Job.objects.get(pk=job.pk))


def test_progress_never_goes_back_and_seq_only_grows(submit):
    job = claimed(submit("succeed"))
    first = job.seq
    job.record_progress(0.6, "far")
    job.record_progress(0.2, "a late message")
    kept = Job.objects.get(pk=job.pk)
    assert kept.progress == 0.6
    assert kept.seq == first + 2


def test_a_full_queue_refuses_with_the_limit_and_keeps_nothing(submit, settings):
    settings.JOB_MAX_QUEUED_PER_USER = 2
    submit("succeed")
    submit("succeed")
    with pytest.raises(QueueFull, match="2 jobs of this account"):
        submit("succeed")
    assert Job.objects.count() == 2


def test_trying_again_does_not_pass_the_limit_of_the_queue(submit, settings):
    settings.JOB_MAX_QUEUED_PER_USER = 1
    first = services.request_cancel(submit("succeed"))
    submit("succeed")
    with pytest.raises(QueueFull):
        services.requeue(first)
    assert Job.objects.get(pk=first.pk).state == "cancelled"


def test_a_disk_that_takes_nothing_ends_the_job_with_words(submit):
    job = submit("fill_the_disk")
    run(claimed(job))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "storage_failed")
    assert "No space left on device" in job.error_detail


def test_an_unknown_kind_names_the_known_ones(user):
    with pytest.raises(UnknownKind, match=r"test\.succeed"):
        services.submit(kind="test.suceed", owner=user, title="typo")


def test_a_stored_job_of_a_kind_that_is_gone_ends_with_words(submit):
    job = submit("succeed")
    Job.objects.filter(pk=job.pk).update(kind="plugin.gone")
    job = Job.objects.claim_next("host:1")
    assert job.label == "plugin.gone"
    run(job)
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "job_kind_unknown")
    assert "plugin.gone" in job.error_detail


def test_what_is_left_is_told_by_the_rate_of_this_attempt_once_there_is_one(submit):
    job = claimed(submit("wait"))
    assert job.eta is None
    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - timedelta(seconds=60))
    job.refresh_from_db()
    assert job.eta is None
    job.record_progress(0.2, "a fifth")
    assert job.eta == pytest.approx(240, rel=0.01)
    job.give_back("Lost.")
    assert job.eta is None
    assert job.claim("host:2")
    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - timedelta(seconds=10))
    job.refresh_from_db()
    assert (job.progress, job.eta) == (0.2, None)
    job.record_progress(0.6, "more")
    assert job.eta == pytest.approx(10, rel=0.01)


def test_the_database_itself_refuses_a_lease_on_a_job_that_does_not_run(submit):
    job = submit("succeed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())


def test_jobs_of_a_dead_process_of_this_machine_wait_again_at_start_up(submit):
    dead = claimed(submit("succeed"), worker="thishost:999999999:1")
    elsewhere = claimed(submit("succeed"), worker="otherhost:999999999:1")
    assert services.recover_host("thishost") == 1
    assert Job.objects.get(pk=dead.pk).state == "queued"
    assert Job.objects.get(pk=elsewhere.pk).state == "running"


def test_a_pool_that_starts_takes_back_what_a_dead_one_of_its_own_name_left(submit):
    """Containers have the same name and numbers after each restart."""
    job = claimed(submit("succeed"), worker=f"thishost:{os.getpid()}:9")
    assert services.recover_host("thishost") == 0
    assert services.recover_host("thishost", pool=f"thishost:{os.getpid()}") == 1
    assert Job.objects.get(pk=job.pk).state == "queued"


@pytest.mark.parametrize("end", ["succeed", "fail", "cancel"])
def test_what_a_job_kept_goes_when_it_ends_and_not_before(submit, end):
    job = claimed(submit("succeed"))
    checkpoints.of_job(job.pk, "data").keep("unit", b"1")
    job.give_back("Lost.")
    assert job.claim("host:2")
    assert checkpoints.of_job(job.pk, "data").load("unit") == b"1"
    {
        "succeed": lambda: job.succeed(lambda: None, {}),
        "fail": lambda: job.fail("x", "y"),
        "cancel": job.cancel,
    }[end]()
    assert checkpoints.job_ids() == []


def test_what_jobs_kept_that_are_gone_is_discarded_by_the_clock(submit):
    active, gone = claimed(submit("succeed")), uuid.uuid4()
    for job_id in (active.pk, gone):
        checkpoints.of_job(job_id, "data").keep("unit", b"1")
    assert services.discard_left_behind() == 1
    assert checkpoints.job_ids() == [active.pk]


def test_a_job_that_waits_again_is_not_said_to_run(submit):
    job = claimed(submit("succeed"))
    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - timedelta(hours=1))
    job.give_back("Its worker stopped answering.")
    assert job.seconds is None
    services.request_cancel(job)
    assert (job.state, job.seconds) == ("cancelled", None)


def test_the_time_waited_is_counted_from_when_it_was_queued_last(submit):
    job = claimed(submit("refuse"))
    run(job)
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=3))
    Job.objects.filter(pk=job.pk).update(kind="test.succeed")
    services.requeue(job)
    Job.objects.filter(pk=job.pk).update(deadline_at=F("deadline_at") - timedelta(seconds=90))
    again = claimed(Job.objects.get(pk=job.pk))
    run(again)
    assert 90 <= Job.objects.get(pk=job.pk).timings["queue_seconds"] < 900


def test_who_tries_again_twice_is_told_how_it_stands_now(submit):
    job = claimed(submit("refuse"))
    run(job)
    seen_before = Job.objects.get(pk=job.pk)
    services.requeue(job)
    with pytest.raises(AlreadyEnded, match="this one is queued"):
        services.requeue(seen_before)
