"""The order of faults, and what sockets have shown against what has happened."""

import random
import threading
import time
from types import SimpleNamespace

import pytest

from benchmarks.faults import trial as trial_module
from benchmarks.faults.rig import Fault, Missed
from benchmarks.faults.sockets import Seen
from benchmarks.faults.tests.test_invariant import accepted, evidence
from benchmarks.faults.trial import Trial, make_plan


def message(seq, state, progress=0.0):
    return {"seq": seq, "state": state, "progress": progress}


def judged(*messages, room="of_job"):
    seen = Seen()
    for one in messages:
        seen.show(one)
    rooms = {"of_job": {}, "of_user": {}} | {room: {"a": seen}}
    rig = SimpleNamespace(sockets=SimpleNamespace(**rooms), work=SimpleNamespace(accepted=accepted()))
    return {found.rule for found in Trial(rig, "test", {})._sockets(evidence())}


@pytest.mark.parametrize("room", ["of_job", "of_user"])
def test_what_goes_on_to_the_end_is_well(room):
    assert not judged(message(1, "running", 0.5), message(2, "succeeded", 1.0), room=room)


@pytest.mark.parametrize("room", ["of_job", "of_user"])
@pytest.mark.parametrize(
    ("messages", "rule"),
    [
        ([message(1, "running", 0.5), message(2, "running", 0.4)], "what sockets show only goes on"),
        ([message(1, "failed"), message(2, "running")], "what sockets show only goes on"),
        ([message(1, "failed")], "sockets tell the truth"),
    ],
)
def test_what_goes_back_or_is_not_true_is_found(room, messages, rule):
    assert rule in judged(*messages, room=room)


def test_an_end_that_was_not_shown_is_found_in_the_room_of_its_job():
    assert judged(message(1, "running")) == {"every open socket sees the end"}


def test_what_is_older_than_what_is_shown_is_dropped():
    assert not judged(message(2, "succeeded", 1.0), message(1, "running", 0.5))


def storm(*faults, services=("web",)):
    """A trial after a storm of these faults in a lab whose processes are always up."""
    lab = SimpleNamespace(services=services, is_up=lambda name, pools: True)
    rig = SimpleNamespace(lab=lab, rng=random.Random(1), work=None, record=SimpleNamespace(pools=set))
    trial = Trial(rig, "test", {})
    trial.storm(faults, 0.1, people=0)
    return trial


def test_a_fault_that_meets_nothing_to_strike_is_not_counted_and_comes_again(monkeypatch):
    monkeypatch.setattr(trial_module, "AGAIN_SECONDS", 0.1)
    tries = []

    def inject(rig):
        tries.append(time.monotonic())
        if len(tries) < 3:
            raise Missed("nothing there")

    trial = storm(Fault("late", "", inject, ("web",)))
    assert len(tries) == 3
    assert trial.outcome.faults == {"late": 1}
    assert not trial.outcome.violations


def test_faults_on_one_place_do_not_overlap_and_others_do():
    log, other_began = [], threading.Event()

    def lasting(name):
        def inject(rig):
            log.append(("begin", name))
            if name == "c":
                other_began.set()
            return 0.1, release

        def release():
            if name == "a":
                other_began.wait(20)
            log.append(("end", name))

        return inject

    storm(
        Fault("a", "", lasting("a"), ("web", "postgres")),
        Fault("b", "", lasting("b"), ("postgres",)),
        Fault("c", "", lasting("c"), ("redis",)),
    )
    assert log.index(("end", "a")) < log.index(("begin", "b"))
    assert log.index(("begin", "c")) < log.index(("end", "a"))


def test_a_fault_that_cannot_be_injected_is_told():
    def inject(rig):
        raise OSError("no such thing")

    trial = storm(Fault("broken", "", inject))
    assert [found.rule for found in trial.outcome.violations] == ["faults can be injected"]
    assert not trial.outcome.faults


def test_what_takes_long_to_end_comes_early_in_a_plan():
    counts = {"endless": 4, "crash": 4, "child_killed": 16}
    plan = [fault.name for fault in make_plan(random.Random(3), counts)]
    assert {name: plan.count(name) for name in counts} == counts
    assert "endless" not in plan[len(plan) // 3 + 4 :]
