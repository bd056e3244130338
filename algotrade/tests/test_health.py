"""Alive is not ready: each part that work needs is tried, and named when it fails."""

import pytest
from django.db import OperationalError

from algotrade import health
from algotrade.jobs.models import Worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return Worker.objects.create(name="host:1", places=2)


def test_a_live_process_says_so_without_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health")
    assert answer.json() == {"status": "ok"}


def test_a_lab_with_a_worker_is_ready(client, worker):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "broker": "ok", "rooms": "ok", "workers": "ok"}


def test_without_a_worker_it_is_not(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "no worker" in answer.json()["checks"]["workers"]


def test_a_worker_that_fell_silent_does_not_count(client, worker):
    Worker.objects.update(seen_at="2020-01-01T00:00:00Z")
    assert client.get("/health/ready").status_code == 503


def test_a_broker_that_does_not_answer_is_named_without_its_address(client, worker, settings):
    settings.EMBEDDED = False
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "ConnectionError"
    assert b"secret" not in answer.content


def test_a_database_that_does_not_answer_is_named(client, worker, monkeypatch):
    class Gone:
        def cursor(self):
            raise OperationalError("password of the database")

    monkeypatch.setattr(health, "connection", Gone())
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "OperationalError"
    assert b"password" not in answer.content


def test_rooms_that_lose_messages_are_noticed(client, worker, monkeypatch):
    class Deaf:
        async def new_channel(self, prefix):
            return "health.1"

        async def send(self, channel, message):
            raise ConnectionResetError

    monkeypatch.setattr(health, "get_channel_layer", Deaf)
    assert client.get("/health/ready").json()["checks"]["rooms"] == "ConnectionResetError"


def test_only_reading_is_allowed(client):
    assert client.post("/health").status_code == 405
