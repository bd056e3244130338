"""A fault that struck nothing is not counted: it is missed, and comes again."""

import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from benchmarks.faults import injecting
from benchmarks.faults.rig import Missed, Rig


def deaf(let_in):
    sockets = SimpleNamespace(open_deaf=lambda cookie, count: let_in, close_deaf=lambda: None)
    people = {"ada": SimpleNamespace(cookie="")}
    return injecting.socket_never_read(SimpleNamespace(sockets=sockets, work=SimpleNamespace(people=people)))


def test_sockets_of_which_none_was_let_in_have_not_struck():
    assert deaf(1)
    with pytest.raises(Missed):
        deaf(0)


@pytest.mark.parametrize("works", [True, False])
def test_sweepers_without_a_broker_to_call_them_have_not_struck(monkeypatch, works):
    def send_task(self, name, **options):
        if not works:
            raise ConnectionError("no broker")
        return "sent"

    monkeypatch.setattr(injecting.Celery, "send_task", send_task)
    rig = SimpleNamespace(redis=SimpleNamespace(url="redis://127.0.0.1:1/0"))
    if works:
        injecting.two_sweepers(rig)
    else:
        with pytest.raises(Missed):
            injecting.two_sweepers(rig)


def test_who_submits_without_a_broker_has_no_queue_that_other_faults_fill():
    submitted = []
    rig = Rig(
        lab=SimpleNamespace(answers=lambda: True),
        record=None,
        work=Mock(people={"bystander": "bystander", "patient": "patient"}),
        sockets=None,
        disk=Mock(),
        rng=None,
        redis=Mock(),
    )
    rig.work.submit = lambda person, kind: submitted.append(person)
    for fault in (injecting.broker_down_at_commit, injecting.disk_full):
        fault(rig)
    assert submitted == ["patient", "bystander", "bystander"]


@pytest.mark.parametrize("code", [0, 3])
def test_sweepers_of_which_one_failed_have_not_struck(monkeypatch, code):
    codes = [0, code]

    def begin(lab, words, seconds):
        return subprocess.Popen([sys.executable, "-c", f"raise SystemExit({codes.pop()})"])

    monkeypatch.setattr(injecting, "run_beside", begin)
    _seconds, release = injecting.two_sweepers(SimpleNamespace(redis=None, lab=None))
    if code:
        with pytest.raises(Missed):
            release()
    else:
        release()
