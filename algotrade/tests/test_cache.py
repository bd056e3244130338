"""The cache of full operation: Redis when it answers, memory when it does not, JSON either way."""

import socket
import threading
import time

import pytest
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from algotrade import cache as caching
from algotrade.cache import JsonSerializer, PatientCache, was_away
from algotrade.tests.e2e.processes import free_port
from algotrade.tests.e2e.services import redis_url

AT_FIRST = PatientCache.away_until


@pytest.fixture(autouse=True)
def not_away(monkeypatch):
    monkeypatch.setattr(PatientCache, "away_until", AT_FIRST)
    yield
    PatientCache("redis://127.0.0.1:1", {}).memory.clear()


@pytest.fixture
def hung():
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = []
        thread = threading.Thread(target=_take, args=(server, taken), daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}"
    for connection in taken:
        connection.close()


def _take(server, taken):
    while True:
        try:
            taken.append(server.accept()[0])
        except OSError:
            return


def use(cache):
    cache.set("a", [1.5, 2.5], 60)
    assert cache.get("a") == [1.5, 2.5]
    assert cache.add("a", 1, 60) is False
    assert cache.add("b", 1, 60) is True
    assert cache.incr("b") == 2
    assert cache.has_key("b")
    assert cache.touch("b", 60)
    assert cache.get_many(["a", "b"]) == {"a": [1.5, 2.5], "b": 2}
    cache.set_many({"c": {"deep": None}}, 60)
    assert cache.get("c") == {"deep": None}
    assert (cache.delete("c"), cache.delete("c")) == (True, False)
    cache.delete_many(["a", "b"])
    assert cache.get("a", "nothing") == "nothing"


@pytest.mark.services
def test_it_works_on_redis():
    cache = PatientCache(redis_url(), {})
    use(cache)
    assert PatientCache.away_until == AT_FIRST


@pytest.mark.services
def test_nothing_in_redis_is_pickled():
    cache = PatientCache(redis_url(), {})
    cache.set("kept", {"user_id": 7}, 60)
    raw = cache._cache.get_client("kept").get(cache.make_key("kept"))
    assert raw == b'{"user_id": 7}'
    cache.delete("kept")
    with pytest.raises(TypeError):
        JsonSerializer().dumps(object())


def test_a_redis_that_is_gone_costs_no_request_its_answer(caplog):
    use(PatientCache(f"redis://127.0.0.1:{free_port()}", {}))
    assert caplog.text.count("Redis does not answer") == 1


def test_a_redis_that_hangs_is_waited_for_once(hung, monkeypatch):
    monkeypatch.setattr(caching, "ANSWER_SECONDS", 0.3)
    started = time.monotonic()
    use(PatientCache(hung, {}))
    assert 0.3 <= time.monotonic() - started < 2.0


def test_it_is_asked_again_after_a_while(monkeypatch):
    monkeypatch.setattr(caching, "AWAY_SECONDS", 0.0)
    cache = PatientCache(f"redis://127.0.0.1:{free_port()}", {})
    cache.set("a", 1, 60)
    asked = []
    monkeypatch.setattr(type(cache._cache), "get", lambda self, *args: asked.append(args) or 5)
    assert cache.get("a") == 5
    assert asked


@pytest.mark.django_db
def test_requests_are_limited_while_redis_is_away_too(user, no_throttles, monkeypatch):
    no_throttles["user"] = "2/min"
    monkeypatch.setattr(SimpleRateThrottle, "cache", PatientCache(f"redis://127.0.0.1:{free_port()}", {}))
    client = APIClient()
    client.force_authenticate(user)
    assert [client.get("/api/auth/me/").status_code for _ in range(3)] == [200, 200, 429]


def test_a_machine_that_has_just_started_does_not_look_like_a_redis_that_was_away(monkeypatch):
    monkeypatch.setattr(caching.time, "monotonic", lambda: 5.0)
    assert not was_away(within=30)
