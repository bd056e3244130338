"""Limits of requests hold for requests that arrive together, and end with their time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from algotrade.throttling import CountingThrottle


class OfAnAddress(CountingThrottle):
    rate = "5/min"

    def get_cache_key(self, request, view):
        return f"test-throttle-{self.get_ident(request)}"


def ask(address="10.0.0.1"):
    throttle = OfAnAddress()
    return throttle.allow_request(RequestFactory().get("/", REMOTE_ADDR=address), None), throttle


@pytest.mark.services
def test_of_fifty_requests_at_once_as_many_pass_as_may():
    with ThreadPoolExecutor(50) as threads:
        assert sum(threads.map(lambda _number: ask()[0], range(50))) == 5
    assert ask("10.0.0.2")[0]


@pytest.mark.services
def test_they_count_anew_when_the_time_is_over(monkeypatch):
    now = 1_000_000.25
    monkeypatch.setattr(CountingThrottle, "timer", lambda self: now)
    assert [ask()[0] for _ in range(6)] == [True] * 5 + [False]
    now += 45
    passed, throttle = ask()
    assert (passed, throttle.wait()) == (False, 15.0)
    cache.delete("test-throttle-10.0.0.1:began")  # as the cache does by itself
    assert ask()[0]


def test_a_number_that_outlives_its_time_locks_nobody_out():
    ask()
    began = cache.get("test-throttle-10.0.0.1:began")
    cache.set(f"test-throttle-10.0.0.1:{began}", 99, None)
    assert not ask()[0]
    cache.delete("test-throttle-10.0.0.1:began")
    assert ask()[0]


def test_a_store_that_goes_between_two_steps_costs_no_request_its_answer(monkeypatch):
    def gone(key):
        raise ValueError(key)

    monkeypatch.setattr(cache, "incr", gone)
    assert ask()[0]
