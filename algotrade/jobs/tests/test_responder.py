"""The responder with a real child: answers, refusals, deaths, time limits and the order of the askers."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from algotrade.env import BASE_DIR
from algotrade.jobs import responder as responder_module
from algotrade.jobs.processes import pid_exists
from algotrade.jobs.responder import Failed, NotReady, Refused, Replaced, Responder, TookTooLong
from algotrade.jobs.tests import answers

pytestmark = pytest.mark.slow
ANSWER = f"{answers.__name__}.answer"


@pytest.fixture(scope="module")
def responder():
    made = Responder(ANSWER, seconds=30, memory_limit_mb=4096)
    yield made
    made.stop()


def ask(responder, question, asker="ada"):
    """An answer even where the machine is so busy that a child takes long to start."""
    for _ in range(5):
        try:
            return responder.ask(question, asker=asker)
        except NotReady:
            continue
    raise AssertionError("the child did not start")


def eventually(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def in_thread(responder, question, asker, told):
    def run():
        try:
            told.append((asker, responder.ask(question, asker=asker)))
        except responder_module.NoAnswer as error:
            told.append((asker, type(error)))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_questions_are_answered_by_one_other_process(responder):
    pid = ask(responder, "pid")
    assert pid != os.getpid()
    assert ask(responder, {"any": "thing"}) == {"any": "thing"}
    assert ask(responder, "pid") == responder.pid == pid


def test_refusals_defects_and_hunger_are_told_apart_and_cost_no_process(responder):
    pid = ask(responder, "pid")
    with pytest.raises(Refused) as refused:
        ask(responder, "refuse")
    assert (refused.value.code, refused.value.fields) == ("unwelcome", {"what": ["Ask something else."]})
    with pytest.raises(Failed):
        ask(responder, "break")
    if sys.platform.startswith("linux"):
        with pytest.raises(Failed):
            ask(responder, "eat")
    assert ask(responder, "pid") == pid


def test_one_asker_has_one_question_waiting_and_others_keep_their_turn(responder, tmp_path):
    ask(responder, "pid")
    told, first = [], ("until", str(tmp_path / "go"))
    threads = [in_thread(responder, first, "ada", told)]
    eventually(lambda: responder._busy)  # it is being computed until the file is there, those below wait
    threads.append(in_thread(responder, "old", "ada", told))
    eventually(lambda: len(responder._queue) == 1)
    threads.append(in_thread(responder, "other", "grace", told))
    eventually(lambda: len(responder._queue) == 2)
    threads.append(in_thread(responder, "new", "ada", told))
    eventually(lambda: told)
    assert told == [("ada", Replaced)]  # at once, not when its turn comes
    (tmp_path / "go").touch()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(told[1:], key=str) == sorted([("ada", first), ("grace", "other"), ("ada", "new")], key=str)
    assert ask(responder, "asked")[-3:] == [first, "other", "new"]


def test_a_question_over_its_time_ends_its_process_and_the_next_finds_another(responder, monkeypatch):
    pid = ask(responder, "pid")
    started = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(responder, "seconds", 0.5)
        with pytest.raises(TookTooLong):
            ask(responder, ("sleep", 60))
    assert time.monotonic() - started < 20
    assert not pid_exists(pid)
    assert ask(responder, "pid") not in {pid, os.getpid()}


def test_a_process_that_dies_over_a_question_or_between_two_is_replaced(responder):
    pid = ask(responder, "pid")
    with pytest.raises(Failed):
        ask(responder, "die")
    second = ask(responder, "pid")
    assert second != pid
    process = responder._process
    os.kill(second, signal.SIGKILL)
    process.join(10)
    assert ask(responder, "still there") == "still there"


def test_a_full_queue_says_so_at_once(responder, monkeypatch):
    monkeypatch.setattr(responder_module, "MOST_WAITING", 0)
    with pytest.raises(NotReady):
        responder.ask("pid", asker="ada")


def test_one_that_is_stopped_leaves_no_process_and_answers_no_more():
    responder = Responder(ANSWER, seconds=1, memory_limit_mb=0)
    responder.warm()
    pid = responder.pid
    assert pid_exists(pid)
    responder.stop()
    assert not pid_exists(pid)
    responder.warm()
    assert responder.pid is None
    with pytest.raises(NotReady):
        responder.ask("pid", asker="ada")


def test_the_process_ends_when_its_parent_is_killed_without_a_word():
    program = (
        "import os; from algotrade.jobs.responder import Responder\n"
        f"r = Responder({ANSWER!r}, seconds=5, memory_limit_mb=0)\n"
        "if __name__ == '__main__':\n"
        "    print(r.ask('pid', asker=1), flush=True); os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "algotrade.settings", "PYTHONPATH": str(BASE_DIR)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60
    )  # fmt: skip
    pid = int(done.stdout)
    until = time.monotonic() + 10
    while pid_exists(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not pid_exists(pid)


def test_a_machine_that_can_start_no_process_says_not_yet_each_time_and_answers_once_it_can(
    monkeypatch, caplog
):
    def full(self):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(responder_module, "RESPAWN_PAUSE_SECONDS", 0.0)
    responder = Responder(ANSWER, seconds=5, memory_limit_mb=0)
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing.get_context("spawn").Process, "start", full)
        responder.warm()
        for _ in range(2):
            with pytest.raises(NotReady):
                responder.ask("pid", asker="ada")
        assert responder.pid is None
    assert "BlockingIOError" in caplog.text
    try:
        assert ask(responder, "back") == "back"
    finally:
        responder.stop()
