"""What a job does under any circumstances, the same for both ways to run: the pool inside the web process on SQLite,
and a Celery worker with beat on PostgreSQL and Redis. Real processes, asked over the API and followed on sockets.
"""

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from algotrade.tests.behaviours.labs import Person, is_gone, places_taken, running_lab
from algotrade.tests.behaviours.starts import DEADLINE_SECONDS, starts_of
from algotrade.tests.e2e.sockets import RoomSocket

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["embedded", pytest.param("full", marks=pytest.mark.services)])
def lab(request, tmp_path_factory):
    with running_lab(request.param, tmp_path_factory.mktemp(request.param)) as lab:
        yield lab


@pytest.fixture
def person(lab):
    return Person(lab)


def room(lab, person, job):
    return RoomSocket(lab.deployment.port, f"/ws/jobs/{job}/", cookie=person.cookie)


def is_said(state):
    return lambda message: message["state"] == state


def test_a_job_goes_from_queued_to_succeeded_and_is_done_once(lab, person):
    job = person.submit("steps", seconds=0.3)
    row = person.when(job, "succeeded")
    assert (row["attempt"], row["progress"], row["error_code"]) == (1, 1.0, "")
    assert len(starts_of(lab.folder, job)) == 1


def test_progress_never_goes_back_and_numbers_only_grow(lab, person):
    with RoomSocket(lab.deployment.port, "/ws/jobs/", cookie=person.cookie) as mine:
        job = person.submit("steps", seconds=2.0)
        heard = mine.messages_until(is_said("succeeded"), seconds=30)
    said = [message for message in heard if message["id"] == job]
    assert said == heard, "a room tells its owner's jobs alone"
    for column in ("progress", "seq"):
        values = [message[column] for message in said]
        assert values == sorted(values), column
    states = [message["state"] for message in said]
    assert states == sorted(states, key=["queued", "running", "succeeded"].index)
    moving = [message for message in said if message["state"] == "running" and message["progress"] > 0]
    assert 2 <= len(moving) <= 2.0 / 0.5 + 1, f"at most two a second: {said}"


def test_a_page_that_is_opened_again_begins_where_the_job_is(lab, person):
    assert person.cookie  # the log-in takes its time, which the job would not wait for
    job = person.submit("steps", seconds=8.0)
    with room(lab, person, job) as first:
        seen = first.messages_until(lambda message: message["progress"] > 0.2, seconds=30)[-1]
    with room(lab, person, job) as second:
        snapshot = second.messages_until(lambda message: True, seconds=5)[0]
    assert snapshot["state"] == "running"
    assert snapshot["seq"] >= seen["seq"]
    assert snapshot["progress"] >= seen["progress"]
    assert person.job(job)["progress"] >= snapshot["progress"] - 0.0001, "messages are rounded"
    person.when(job, "succeeded")
    with room(lab, person, job) as last:
        assert last.messages_until(lambda message: True, seconds=5)[0]["state"] == "succeeded"


def test_a_waiting_job_is_cancelled_at_once_and_never_begun(lab, person):
    with places_taken(lab):
        job = person.submit("steps")
        assert person.job(job)["place"] == 1
        assert person.post(job, "cancel") == (202, person.job(job))
        assert person.job(job)["state"] == "cancelled"
    assert starts_of(lab.folder, job) == []
    assert person.post(job, "cancel")[0] == 409


def test_a_running_job_that_listens_stops_within_seconds(lab, person):
    job = person.submit("steps", seconds=60)
    person.when(job, "running")
    asked = time.monotonic()
    assert person.post(job, "cancel")[0] == 202
    person.when(job, "cancelled", seconds=10)
    assert time.monotonic() - asked < 5


def test_a_running_job_that_does_not_listen_is_killed(lab, person):
    job = person.submit("stubborn")
    process = person.process_of(job)
    person.post(job, "cancel")
    person.when(job, "cancelled", seconds=15)
    assert is_gone(process)


def test_a_job_that_fails_says_why_and_what_to_do_and_succeeds_when_tried_again(lab, person):
    job = person.submit("refuse")
    row = person.when(job, "failed")
    assert row["error_code"] == "invalid"
    assert "choose a longer period" in row["error_detail"]
    assert row["advice"]
    (lab.folder / "starts" / "mended").touch()
    try:
        assert person.post(job, "retry")[0] == 202
        row = person.when(job, "succeeded")
    finally:
        (lab.folder / "starts" / "mended").unlink()
    assert (row["attempt"], row["error_code"], row["advice"]) == (1, "", "")
    assert person.post(job, "retry")[0] == 409


def test_a_memory_bomb_costs_only_itself_and_two_attempts(lab, person):
    job, beside = person.submit("bomb"), person.submit("steps", seconds=1.0)
    row = person.when(job, "failed", seconds=60)
    assert (row["error_code"], row["attempt"]) == ("out_of_memory", 2)
    assert len(starts_of(lab.folder, job)) == 2
    assert person.when(beside, "succeeded")["attempt"] == 1


def test_a_job_that_kills_its_process_ends_after_three_attempts(lab, person):
    job, beside = person.submit("crash"), person.submit("steps", seconds=0.5)
    row = person.when(job, "failed", seconds=90)
    assert (row["error_code"], row["attempt"]) == ("worker_lost", 3)
    assert len(starts_of(lab.folder, job)) == 3
    assert person.when(beside, "succeeded")["attempt"] == 1


def test_an_endless_job_ends_at_its_deadline(lab, person):
    job = person.submit("loop")
    person.when(job, "running")
    begun = time.monotonic()
    row = person.when(job, "failed", seconds=30)
    assert (row["error_code"], row["attempt"]) == ("deadline_exceeded", 1)
    assert time.monotonic() - begun < DEADLINE_SECONDS + 8
    assert is_gone(starts_of(lab.folder, job)[-1])


def test_a_lost_nudge_costs_seconds_and_no_job(lab, person):
    job = person.submit("steps", nudges=0, seconds=0.1)
    person.when(job, "succeeded", seconds=15)


def test_a_nudge_that_comes_many_times_begins_a_job_once(lab, person):
    jobs = [person.submit("steps", nudges=25, seconds=0.2) for _ in range(3)]
    for job in jobs:
        assert person.when(job, "succeeded")["attempt"] == 1
        assert len(starts_of(lab.folder, job)) == 1


def test_the_quota_of_the_queue_is_exact_when_many_submit_at_once(lab, person):
    with places_taken(lab):
        with ThreadPoolExecutor(10) as hands:
            answers = list(hands.map(lambda _number: person.ask("steps", seconds=0.1), range(24)))
        accepted = [answer["id"] for status, answer in answers if status == 202]
        refused = [answer for status, answer in answers if status == 429]
        assert (len(accepted), len(refused)) == (8, 16)
        assert {answer["code"] for answer in refused} == {"queue_full"}
        assert "8" in refused[0]["detail"]
    for job in accepted:
        person.when(job, "succeeded")


def test_who_has_less_running_comes_first(lab, person):
    other = Person(lab)
    with places_taken(lab):
        many = [person.submit("steps", seconds=0.8) for _ in range(6)]
        one = other.submit("steps", seconds=0.1)
        assert other.job(one)["place"] <= 2
    started = other.when(one, "succeeded")["started_at"]
    assert sum(person.when(job, "succeeded")["started_at"] < started for job in many) <= 2


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
def test_a_frozen_process_loses_its_job_and_writes_nothing_when_it_wakes(lab, person):
    job = person.submit("steps", seconds=1.5)  # done again before the pool gives up the frozen process
    frozen = person.process_of(job)
    os.kill(frozen, signal.SIGSTOP)
    try:
        row = person.when(job, "succeeded", seconds=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGCONT)
    assert row["attempt"] == 2
    time.sleep(4.0)
    assert person.job(job) == row
    assert len(starts_of(lab.folder, job)) == 2


def test_a_killed_worker_costs_an_attempt_and_no_job(lab, person):
    with places_taken(lab):
        pass  # both places have a process, so that both jobs run when it is killed
    running, behind = person.submit("steps", seconds=5.0), person.submit("steps", seconds=5.0)
    waiting = person.submit("steps", seconds=0.1)
    for job in (running, behind):
        person.process_of(job)
    lab.kill_runner()
    lab.restart_runner()
    for job in (running, behind):
        assert person.when(job, "succeeded", seconds=60)["attempt"] == 2
    assert person.when(waiting, "succeeded")["attempt"] == 1


def test_nothing_is_left_behind(lab, person):
    """Last: a lab that has been through all this takes work as ever, and has a process for each place."""
    with places_taken(lab):
        pass
    person.when(person.submit("steps", seconds=0.2), "succeeded")
    lab.deployment.wait_until_ready()
