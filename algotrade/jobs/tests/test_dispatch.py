"""Nudges and events: whoever submits never waits for the broker, and what it does not take is no end of memory."""

import asyncio
import threading
import time

import pytest

from algotrade.jobs import dispatch, events


@pytest.fixture
def broker(settings, monkeypatch):
    """Full operation, with a broker that does what the test says."""
    settings.EMBEDDED = False
    monkeypatch.setattr(dispatch, "_sender", None)
    monkeypatch.setattr(dispatch, "_waiting", type(dispatch._waiting)(4))

    class Broker:
        sent, answer = 0, staticmethod(lambda: None)

        def send_task(self, name, expires):
            assert (name, expires) == ("jobs.run_next", 60)
            self.sent += 1
            self.answer()

    made = Broker()
    monkeypatch.setattr(dispatch, "current_app", made)
    return made


def eventually(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_each_nudge_is_sent(broker):
    for _ in range(3):
        dispatch.nudge()
    eventually(lambda: broker.sent == 3)


def test_nobody_waits_for_a_broker_that_hangs_and_little_is_kept_for_it(broker):
    hanging = threading.Event()
    broker.answer = hanging.wait
    began = time.monotonic()
    for _ in range(1_000):
        dispatch.nudge()
    assert time.monotonic() - began < 10
    eventually(lambda: broker.sent == 1)
    assert dispatch._waiting.qsize() <= 4
    hanging.set()
    eventually(lambda: dispatch._waiting.empty())
    assert broker.sent <= 6


def test_a_broker_that_refuses_is_asked_once_and_again_with_the_next_nudge(broker, monkeypatch):
    all_wait, forgotten, forget = threading.Event(), threading.Event(), dispatch._forget

    def refuse():
        all_wait.wait(20)
        raise ConnectionError

    def noted():
        forget()
        forgotten.set()

    monkeypatch.setattr(dispatch, "_forget", noted)
    broker.answer = refuse
    for _ in range(4):
        dispatch.nudge()
    all_wait.set()
    assert forgotten.wait(20)
    assert broker.sent == 1
    assert dispatch._waiting.empty()
    broker.answer = lambda: None
    dispatch.nudge()
    eventually(lambda: broker.sent == 2)


def test_events_that_the_rooms_do_not_take_are_lost_and_not_kept_without_end(monkeypatch):
    released = threading.Event()

    async def stuck(owner_id, message):
        while not released.is_set():
            await asyncio.sleep(0.01)

    room = threading.BoundedSemaphore(3)
    monkeypatch.setattr(events, "_on_their_way", room)
    monkeypatch.setattr(events, "_send", stuck)
    monkeypatch.setattr(events, "_loop", None)
    for number in range(50):
        events.deliver(1, {"id": str(number)})
    assert not room.acquire(blocking=False)
    released.set()
    eventually(lambda: room._value == 3)
    events._loop.call_soon_threadsafe(events._loop.stop)
