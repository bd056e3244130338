"""What is judged at the end of peace, after a storm and in the end, beside what the database has written down."""

import threading
from types import SimpleNamespace

import pytest

from benchmarks.faults import trial as trial_module
from benchmarks.faults.rig import Fault
from benchmarks.faults.sockets import Seen
from benchmarks.faults.tests.test_invariant import accepted, failed
from benchmarks.faults.tests.test_trial import message, storm
from benchmarks.faults.trial import Trial

JOB = "0" * 32
TOLD = [message(seq, "running", seq / 10) for seq in range(1, 5)] + [message(9, "succeeded", 1.0)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    for name in ("SEEN_SECONDS", "JOIN_SECONDS", "LEAST_STORM"):
        monkeypatch.setattr(trial_module, name, 0.2)


def rules(found):
    return [violation.rule for violation in found]


# -- In peace ----------------------------------------------------------------------------------------------------


def referring(monkeypatch, found, kinds):
    monkeypatch.setattr(trial_module, "digests", lambda rig: found)
    trial = Trial(SimpleNamespace(work=SimpleNamespace(accepted=accepted())), "test", {})
    trial._refer(kinds)
    return trial


def test_a_fingerprint_of_peace_is_what_later_ones_must_equal(monkeypatch):
    trial = referring(monkeypatch, {"a": "0" * 64}, ["quick"])
    assert trial.references == {"quick": "0" * 64}
    assert not trial.outcome.violations


@pytest.mark.parametrize("found", [{"a": "equity/ answers 500"}, {"a": "none"}, {}])
def test_a_result_that_cannot_be_read_in_peace_is_found_and_nothing_is_compared_with_it(monkeypatch, found):
    trial = referring(monkeypatch, found, ["quick"])
    assert not trial.references
    assert rules(trial.outcome.violations) == ["results can be read in peace"]


def heard(job_room, user_room):
    """The rules broken in peace when the two rooms of a job's news have told so."""
    rooms = []
    for messages in (job_room, user_room):
        rooms.append({"a": Seen()} if messages else {})
        for one in messages:
            rooms[-1]["a"].show(one)
    sockets = SimpleNamespace(of_job=rooms[0], of_user=rooms[1])
    return rules(Trial(SimpleNamespace(sockets=sockets), "test", {})._rooms_of_users(["a"]))


def test_the_room_of_a_user_tells_what_the_room_of_the_job_tells():
    assert heard(TOLD, TOLD) == []


def test_an_end_that_the_room_of_the_user_did_not_tell_is_found():
    assert heard(TOLD, TOLD[:-1]) == ["the room of a user hears each end"]
    assert "the room of a user hears each end" in heard(TOLD, [])


def test_a_room_of_a_user_that_tells_only_what_its_socket_finds_out_by_itself_is_found():
    assert heard(TOLD, TOLD[-1:]) == ["the room of a user hears the news"]


# -- Under faults ------------------------------------------------------------------------------------------------


def test_faults_that_never_end_and_those_that_waited_for_them_are_told():
    held = threading.Event()
    trial = storm(
        Fault("hung", "", lambda rig: held.wait(20), ("web",)),
        Fault("slow", "", lambda rig: (0.0, lambda: held.wait(20))),
        Fault("late", "", lambda rig: None, ("web",)),
        Fault("good", "", lambda rig: None),
    )
    held.set()
    told = [violation.detail.split(":")[0] for violation in trial.outcome.violations]
    assert sorted(told) == ["hung", "late", "slow"]
    assert trial.outcome.faults["good"] == 1


# -- In the end --------------------------------------------------------------------------------------------------


def advised(answer, count=1):
    asked = []

    def ask(method, path):
        asked.append(path)
        return answer

    person = SimpleNamespace(name="ada", ask=ask)
    jobs = [f"{number:032x}" for number in range(count)]
    taken = {job: accepted(job=job)[job] for job in jobs}
    rig = SimpleNamespace(work=SimpleNamespace(people={"ada": person}, accepted=taken))
    return rules(Trial(rig, "test", {})._advice([failed(id=job) for job in jobs])), asked


def test_a_failure_with_code_and_advice_is_well():
    found, asked = advised((200, {"error_code": "crash", "advice": "Try again."}))
    assert not found
    assert asked == ["/api/jobs/00000000-0000-0000-0000-000000000000/"]


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"error_code": "crash", "advice": ""}),
        (200, {"error_code": "", "advice": "Try again."}),
        (200, {"error_code": "crash"}),
        (500, "An error."),
        (0, None),
    ],
)
def test_a_failure_without_its_code_or_advice_is_found(answer):
    assert advised(answer)[0] == ["a failure comes with advice"]


def test_no_more_failures_are_asked_about_than_the_most():
    assert len(advised((0, None), count=60)[1]) == trial_module.MOST_ADVICE
