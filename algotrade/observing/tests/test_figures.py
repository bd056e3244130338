"""What is counted: requests by route, the life of jobs, the queue, sockets; and never what a user typed."""

import re
from datetime import timedelta

import pytest
from channels.testing import WebsocketCommunicator
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from algotrade import meters
from algotrade.jobs import services
from algotrade.jobs.kinds import kinds
from algotrade.jobs.models import QUEUE_LIMIT, Job, Worker
from algotrade.jobs.runner import run
from algotrade.jobs.tests import handlers
from algotrade.observing import collectors, queue
from algotrade.observing.sockets import CountedSockets

KIND = f"test.{handlers.succeed.__name__}"
REFUSED = f"test.{handlers.refuse.__name__}"
pytestmark = pytest.mark.django_db


def read(client):
    """Every figure by its name and labels."""
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def grown(before, after, name, **labels):
    key = (name, *sorted(labels.items()))
    return after.get(key, 0.0) - before.get(key, 0.0)


def test_a_request_counts_under_the_name_of_its_route(page, client):
    before = read(client)
    page.get("/strategies/")
    page.get("/strategies/99999/")
    after = read(client)
    list_of = {"route": "strategies:list", "method": "GET"}
    assert grown(before, after, "lab_http_requests_total", **list_of, status="200") == 1
    assert grown(before, after, "lab_http_request_seconds_count", **list_of) == 1
    assert grown(before, after, "lab_http_request_seconds_bucket", **list_of, le="+Inf") == 1
    one = {"route": "strategies:detail", "method": "GET", "status": "404"}
    assert grown(before, after, "lab_http_requests_total", **one) == 1


def test_addresses_and_methods_that_anybody_makes_up_add_no_series(client):
    read(client)
    client.get("/nowhere/1")
    client.generic("BREW", "/nowhere/1")
    known = len(read(client))
    for number in range(5):
        client.get(f"/nowhere/{number}")
        client.generic(f"BREW{number}", "/nowhere/1")
    assert len(read(client)) == known


@pytest.mark.django_db(transaction=True)
def test_the_life_of_a_job_is_counted_from_queue_to_end(user, client):
    before = read(client)
    job = services.submit(kind=KIND, owner=user, title="A run")
    assert job.claim("host:1")
    run(job)
    failing = services.submit(kind=REFUSED, owner=user, title="Another")
    assert failing.claim("host:1")
    run(failing)
    after = read(client)
    assert grown(before, after, "lab_jobs_submitted_total", kind=KIND) == 1
    assert grown(before, after, "lab_jobs_started_total", kind=KIND) == 1
    assert grown(before, after, "lab_job_wait_seconds_count", kind=KIND) == 1
    assert grown(before, after, "lab_jobs_ended_total", kind=KIND, state="succeeded", error="") == 1
    assert (
        grown(before, after, "lab_jobs_ended_total", kind=REFUSED, state="failed", error="too_few_bars") == 1
    )
    assert grown(before, after, "lab_job_run_seconds_count", kind=KIND, state="succeeded") == 1


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_is_lost_is_counted_and_a_retry_is_none(user, client):
    job = services.submit(kind=KIND, owner=user, title="A run")
    assert job.claim("host:1")
    before = read(client)
    job.give_back("Its worker stopped answering.")
    lost = read(client)
    assert grown(before, lost, "lab_jobs_returned_total", kind=KIND) == 1
    services.request_cancel(job)
    services.requeue(job)
    assert job.claim("host:1")
    assert grown(lost, read(client), "lab_job_wait_seconds_count", kind=KIND) == 0, "it was measured before"
    assert grown(lost, read(client), "lab_jobs_returned_total", kind=KIND) == 0


def test_the_queue_is_told_from_the_database(user, client):
    now = timezone.now()
    waiting = services.submit(kind=KIND, owner=user, title="Waits")
    Job.objects.filter(pk=waiting.pk).update(deadline_at=now + QUEUE_LIMIT - timedelta(seconds=90))
    running = services.submit(kind=REFUSED, owner=user, title="Runs")
    assert running.claim("host:1")
    Job.objects.filter(pk=running.pk).update(
        lease_until=now - timedelta(seconds=1), deadline_at=now - timedelta(seconds=1)
    )
    Worker.objects.create(name="host:1", places=3, busy=1)
    told = read(client)
    assert told["lab_jobs", ("kind", KIND), ("state", "queued")] == 1
    assert told["lab_jobs", ("kind", REFUSED), ("state", "running")] == 1
    assert 89 < told["lab_job_queue_oldest_seconds",] < 100
    assert told["lab_job_leases_expired",] == told["lab_jobs_overdue",] == 1
    assert (told["lab_workers_alive",], told["lab_worker_places",], told["lab_worker_places_busy",]) == (
        1,
        3,
        1,
    )
    assert told["lab_database_up",] == 1


def test_every_kind_has_its_row_so_that_what_is_absent_is_told_as_none(client):
    told = read(client)
    for kind in kinds():
        assert told["lab_jobs", ("kind", kind.name), ("state", "queued")] == 0


def test_a_scrape_asks_the_database_little(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        client.get("/metrics")


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_a_figure_and_not_an_error(client, monkeypatch, error):
    def gone():
        raise error("the password of the database")

    monkeypatch.setattr(queue, "_jobs", gone)
    told = read(client)
    assert told["lab_database_up",] == 0
    assert not [key for key in told if key[0] == "lab_workers_alive"]


def test_what_a_jobs_process_counts_is_added_up_by_its_pool(client):
    sent = []
    before = read(client)
    meters.forward_to(lambda *message: sent.append(message))
    try:
        meters.engine_bars.add("backtest", by=500.0)
        meters.job_run_seconds.add(1.5, KIND, "succeeded")
        assert grown(before, read(client), "lab_engine_bars_total", kind="backtest") == 0
    finally:
        meters.forward_to(None)
    for name, amount, labels in sent:
        meters.take(name, amount, labels)
    after = read(client)
    assert grown(before, after, "lab_engine_bars_total", kind="backtest") == 500
    assert grown(before, after, "lab_job_run_seconds_sum", kind=KIND, state="succeeded") == 1.5


async def test_sockets_are_counted_while_they_are_open():
    async def echo(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "one"})
        await receive()

    def now(name, **labels):
        told = meters.registry.restricted_registry([name]).collect()
        samples = [sample for family in told for sample in family.samples]
        return sum(sample.value for sample in samples if (sample.name, sample.labels) == (name, labels))

    collectors.of_web()
    before = now("lab_sockets_open", room="job"), now("lab_socket_messages_total", room="job")
    closed = now("lab_socket_closes_total", room="job", code="1000")
    socket = WebsocketCommunicator(CountedSockets(echo), "/ws/jobs/1/")
    await socket.connect()
    await socket.receive_from()
    assert now("lab_sockets_open", room="job") == before[0] + 1
    assert now("lab_socket_messages_total", room="job") == before[1] + 1
    await socket.disconnect(1000)
    assert now("lab_sockets_open", room="job") == before[0]
    assert now("lab_socket_closes_total", room="job", code="1000") == closed + 1


def test_no_label_holds_what_a_user_typed_or_owns(user, page, client):
    for path in ("/", "/strategies/", "/data/", "/jobs/", f"/admin/accounts/user/{user.pk}/change/"):
        page.get(path)
    page.post("/account/login/", {"username": user.username, "password": "wrong-password"})
    text = client.get("/metrics").content.decode()
    values = set(re.findall(r'="([^"]*)"', text))
    assert not {value for value in values if user.username in value or "@" in value or "/" in value}
    assert not {value for value in values if re.fullmatch(r"\d{5,}|[0-9a-f-]{32,}", value)}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="once is enough")
def test_a_refused_log_in_is_counted(user, client):
    before = read(client)
    client.post("/account/login/", {"username": user.username, "password": "wrong-password"})
    assert grown(before, read(client), "lab_sign_in_failures_total") == 1
