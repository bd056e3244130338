"""What many open sockets ask of the database within a moment is asked together."""

import asyncio
import time
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from algotrade.jobs import looking, services
from algotrade.jobs.looking import JobsOf, OneJob, look, rows_for
from algotrade.jobs.models import Job
from algotrade.jobs.tests import handlers

KIND = f"test.{handlers.succeed.__name__}"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@sync_to_async
def jobs_of(*names):
    made = {}
    for name in names:
        owner = get_user_model().objects.create_user(name, f"{name}@example.com", "long-enough-1")
        made[owner] = services.submit(kind=KIND, owner=owner, title="A run")
    return made


async def test_a_hundred_sockets_ask_once(monkeypatch):
    asked = []

    def counted(questions):
        asked.append(list(questions))
        with CaptureQueriesContext(connection) as queries:
            found = rows_for(asked[-1])
        assert len(queries) == 3, "one for all rooms of one job, one for each owner's list"
        return found

    monkeypatch.setattr(looking, "rows_for", counted)
    made = await jobs_of("ada", "bob")
    (ada, first), (bob, second) = made.items()
    long_ago = timezone.now() - timedelta(hours=1)
    questions = [
        OneJob(str(first.pk)),
        OneJob(str(second.pk)),
        JobsOf(ada.pk, (), long_ago),
        JobsOf(bob.pk, (), long_ago),
    ]
    answers = await asyncio.gather(*(look(questions[number % 4]) for number in range(100)))
    assert len(asked) == 1
    for number, rows in enumerate(answers):
        assert [row.pk for row in rows] == [(first, second, first, second)[number % 4].pk]


async def test_a_job_that_is_gone_has_no_row_and_others_have_theirs():
    ((_ada, job),) = (await jobs_of("ada")).items()
    gone = OneJob("00000000-0000-0000-0000-000000000000")
    found = await asyncio.gather(look(OneJob(str(job.pk))), look(gone))
    assert [len(rows) for rows in found] == [1, 0]


async def test_each_who_asked_hears_of_a_database_that_is_away_and_the_next_look_is_a_new_one(monkeypatch):
    def away(questions):
        raise OperationalError

    ((_ada, job),) = (await jobs_of("ada")).items()
    monkeypatch.setattr(looking, "rows_for", away)
    failed = await asyncio.gather(*(look(OneJob(str(job.pk))) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in failed] == [OperationalError] * 3
    monkeypatch.undo()
    assert len(await look(OneJob(str(job.pk)))) == 1


async def test_a_socket_that_goes_while_it_waits_keeps_no_answer_from_others():
    ((_ada, job),) = (await jobs_of("ada")).items()
    leaving = asyncio.create_task(look(OneJob(str(job.pk))))
    staying = asyncio.create_task(look(OneJob(str(job.pk))))
    await asyncio.sleep(0)
    leaving.cancel()
    assert len(await staying) == 1


async def test_while_a_call_takes_long_all_others_wait_for_one_next_call(monkeypatch):
    asked = []

    def slow(questions):
        asked.append(list(questions))
        time.sleep(0.8 if len(asked) == 1 else 0)
        return rows_for(questions)

    monkeypatch.setattr(looking, "rows_for", slow)
    ((_ada, job),) = (await jobs_of("ada")).items()
    looks = []
    for _ in range(6):
        looks.append(asyncio.create_task(look(OneJob(str(job.pk)))))
        await asyncio.sleep(0.15)
    assert [len(rows) for rows in await asyncio.gather(*looks)] == [1] * 6
    assert len(asked) == 2


async def test_a_question_that_gets_no_answer_leaves_nobody_waiting(monkeypatch):
    monkeypatch.setattr(looking, "rows_for", lambda questions: {})
    with pytest.raises(KeyError):
        await asyncio.wait_for(look(OneJob("00000000-0000-0000-0000-000000000000")), 3)


@pytest.mark.parametrize("of_all", [True, False])
def test_an_end_is_not_hidden_behind_more_waiting_jobs_than_are_looked_at(monkeypatch, user, of_all):
    monkeypatch.setattr(looking, "MOST_ROWS", 3)
    jobs = [services.submit(kind=KIND, owner=user, title=f"Job {number}") for number in range(5)]
    start, made_last = timezone.now(), jobs[-1]
    for number, job in enumerate(jobs):
        Job.objects.filter(pk=job.pk).update(created_at=start + timedelta(seconds=number))
    assert made_last.claim("somewhere")
    made_last.cancel()
    rows = JobsOf(None if of_all else user.pk, (), start - timedelta(hours=1)).rows()
    assert [job.title for job in rows] == ["Job 0", "Job 1", "Job 4"], "ends first, and then oldest first"
