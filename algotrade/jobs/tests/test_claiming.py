"""Who gets which job: fairly, within the limits of each owner, whoever asks at the same time."""

import threading
import time

import pytest
from django.db import connection

from algotrade.jobs import querysets, services
from algotrade.jobs.models import Job
from algotrade.jobs.tests import handlers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
HANDLERS = handlers.__name__


@pytest.fixture
def submit(user):
    def make(kind, owner=user, **options):
        return services.submit(kind=f"test.{kind}", owner=owner, title=kind, **options)

    return make


def at_once(action, times):
    """Call it in several threads that start together; what each returned."""
    gate, found = threading.Barrier(times), []

    def one(number):
        try:
            gate.wait()
            found.append(action(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == times
    return found


def test_whoever_has_fewest_running_is_served_first(submit, other_user):
    submit("wait").claim("w:1")
    submit("succeed")
    theirs = submit("succeed", other_user)
    assert Job.objects.claim_next("w:1") == theirs


def test_who_has_many_waiting_takes_turns_with_others_where_one_place_is_left(submit, other_user):
    for _ in range(3):
        submit("succeed")
    submit("succeed", other_user)
    served = []
    for _ in range(4):
        job = Job.objects.claim_next("w:1")
        served.append(job.owner)
        job.cancel()
        time.sleep(0.002)  # SQLite's clock counts milliseconds
    assert served[:2] == [served[0], other_user]
    assert other_user not in (served[0], *served[2:])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what the tables hold")
def test_who_is_next_is_found_without_looking_at_jobs_that_have_ended():
    plan = Job.objects.fairly_ordered().explain()
    assert "job_state_owner (state=? AND owner_id=?)" in plan
    assert "job_owner_started (owner_id=? AND started_at>?)" in plan
    assert "SCAN" not in plan


def test_who_is_next_is_decided_again_once_nobody_else_can_take_from_the_same_owner(
    submit, other_user, monkeypatch
):
    mine, _second, theirs = submit("wait"), submit("wait"), submit("succeed", other_user)
    lock = querysets.lock_owner

    def rival_was_quicker(pk):
        monkeypatch.setattr(querysets, "lock_owner", lock)
        assert mine.claim("rival:1")
        lock(pk)

    monkeypatch.setattr(querysets, "lock_owner", rival_was_quicker)
    assert Job.objects.claim_next("w:1") == theirs


def test_a_job_that_is_deleted_while_it_is_chosen_is_passed_over(submit, monkeypatch):
    first, second = submit("succeed"), submit("succeed")
    lock = querysets.lock_owner

    def deleted_meanwhile(pk):
        Job.objects.filter(pk=first.pk).delete()
        lock(pk)

    monkeypatch.setattr(querysets, "lock_owner", deleted_meanwhile)
    assert Job.objects.claim_next("w:1") == second


def test_no_owner_has_more_running_than_the_limit_and_others_are_served(submit, other_user, settings):
    settings.JOB_MAX_RUNNING_PER_USER = 2
    for _ in range(3):
        submit("wait")
    theirs = submit("wait", other_user)
    taken = [Job.objects.claim_next("w:1") for _ in range(4)]
    assert taken[3] is None
    assert theirs in taken[:3]
    waiting = Job.objects.queued().get()
    assert not waiting.claim("w:1")  # nor by naming it
    taken[0].cancel()
    assert Job.objects.claim_next("w:1") == waiting


def test_without_a_limit_an_owner_may_have_all_places(submit, settings):
    settings.JOB_MAX_RUNNING_PER_USER = 0
    for _ in range(12):
        submit("wait")
    assert all(Job.objects.claim_next("w:1") for _ in range(12))


def test_workers_that_claim_at_once_keep_the_limit_exactly_and_never_share_a_job(submit, settings):
    settings.JOB_MAX_RUNNING_PER_USER = 3
    for _ in range(8):
        submit("wait")
    found = at_once(lambda number: Job.objects.claim_next(f"w:{number}"), 8)
    taken = [job.pk for job in found if job is not None]
    assert len(taken) == len(set(taken)) == Job.objects.running().count() == 3


def test_those_who_submit_at_once_fill_the_queue_exactly(user, settings):
    settings.JOB_MAX_QUEUED_PER_USER = 3

    def submit_one(number):
        try:
            return services.submit(kind="test.wait", owner=user, title=str(number))
        except services.QueueFull:
            return None

    assert sum(job is not None for job in at_once(submit_one, 8)) == 3
    assert Job.objects.queued().count() == 3


def test_a_reserved_place_takes_no_job_that_is_long_by_itself_or_by_its_kind(submit):
    hours, minutes, quick = submit("take_hours"), submit("succeed", long=True), submit("succeed")
    assert Job.objects.claim_next("w:1", short_only=True) == quick
    assert Job.objects.claim_next("w:1", short_only=True) is None
    assert [Job.objects.claim_next("w:1") for _ in range(3)] == [hours, minutes, None]


def test_a_long_job_that_is_tried_again_is_still_long(submit):
    job = submit("succeed", long=True)
    job.cancel()
    services.requeue(job)
    assert Job.objects.claim_next("w:1", short_only=True) is None
