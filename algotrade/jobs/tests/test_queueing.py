"""Why a job waits, and at which place: what the page foresees is what the claim does."""

import pytest

from algotrade.jobs import queueing, services
from algotrade.jobs.models import Job, Worker
from algotrade.jobs.queueing import waiting
from algotrade.jobs.tests import handlers

TRAIN_KIND = "mlmodels.train"
KIND = f"test.{handlers.succeed.__name__}"
pytestmark = pytest.mark.django_db


def submit(owner, kind=KIND, **options):
    return services.submit(kind=kind, owner=owner, title="A run", **options)


def reason(job):
    return waiting([job])[job.pk].reason


def test_nothing_is_said_of_jobs_that_have_begun(user):
    job = submit(user)
    assert job.claim("host:1")
    assert waiting([job]) == {}


def test_without_a_worker_the_page_says_so(user):
    job = submit(user)
    assert "No worker is running" in reason(job)
    Worker.objects.create(name="host:1", places=2)
    assert "About to begin" in reason(job)


def test_the_places_are_those_in_which_workers_take_the_jobs(user, other_user):
    Worker.objects.create(name="host:1", places=1)
    running = submit(user)
    assert running.claim("host:1:1")
    jobs = [submit(user), submit(user), submit(other_user), submit(other_user), submit(user)]
    foreseen = {pk: found.place for pk, found in waiting(jobs).items()}
    assert sorted(foreseen.values()) == [1, 2, 3, 4, 5]
    for place in range(1, 6):
        taken = Job.objects.claim_next("host:1:2")
        assert foreseen[taken.pk] == place


def test_with_one_place_the_places_take_turns_as_the_claims_do(user, other_user):
    Worker.objects.create(name="host:1", places=1)
    earlier = submit(user)
    assert earlier.claim("host:1:1")
    earlier.cancel()
    jobs = [submit(user), submit(user), submit(other_user)]
    foreseen = {pk: found.place for pk, found in waiting(jobs).items()}
    assert [foreseen[job.pk] for job in jobs] == [2, 3, 1]
    assert Job.objects.claim_next("host:1:1") == jobs[2]


def test_the_first_in_line_is_next_and_the_others_are_counted(user):
    Worker.objects.create(name="host:1", places=1)
    assert submit(user).claim("host:1:1")
    first, second = submit(user), submit(user)
    assert reason(first).startswith("Next")
    assert "Number 2" in reason(second)


def test_a_long_job_says_when_it_waits_for_another_place_than_the_one_that_is_free(user, other_user):
    Worker.objects.create(name="host:1", places=2)
    Worker.objects.create(name="host:2", places=1)
    for _ in range(2):
        assert submit(user, long=True).claim("host:1:1")
    hours, quick = submit(other_user, long=True), submit(other_user)
    assert "kept free for what is done in seconds" in reason(hours)
    assert "About to begin" in reason(quick)
    Worker.objects.create(name="host:3", places=1)
    assert "About to begin" in reason(hours)


def test_a_job_of_a_kind_that_is_gone_waits_like_any_other(user, page):
    Worker.objects.create(name="host:1", places=1)
    assert submit(user).claim("host:1:1")
    job = submit(user)
    Job.objects.filter(pk=job.pk).update(kind="plug_in.gone")
    assert reason(Job.objects.get(pk=job.pk)).startswith("Next")
    assert page.get("/jobs/").status_code == 200


def test_a_training_that_waits_for_an_own_one_says_so_and_has_no_place(user, other_user):
    Worker.objects.create(name="host:1", places=4)
    running, held, theirs = submit(user, TRAIN_KIND), submit(user, TRAIN_KIND), submit(other_user, TRAIN_KIND)
    assert running.claim("host:1:1")
    found = waiting([held, theirs])
    assert "one runs at a time" in found[held.pk].reason
    assert found[held.pk].place is None
    assert found[theirs.pk].place == 1


def test_who_has_as_many_running_as_they_may_is_told_so(user, other_user, settings):
    settings.JOB_MAX_RUNNING_PER_USER = 1
    Worker.objects.create(name="host:1", places=4)
    assert submit(user).claim("host:1:1")
    held, theirs = submit(user), submit(other_user)
    found = waiting([held, theirs])
    assert "as many run as one account may have" in found[held.pk].reason
    assert found[held.pk].place is None
    assert found[theirs.pk].place == 1


def test_who_waits_behind_more_than_are_counted_is_not_told_of_others_of_their_own(
    user, other_user, monkeypatch
):
    monkeypatch.setattr(queueing, "MOST_COUNTED", 2)
    Worker.objects.create(name="host:1", places=4)
    submit(other_user), submit(other_user)
    assert reason(submit(user)).startswith("More than 2 others wait")
