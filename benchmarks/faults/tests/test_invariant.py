"""The count: what keeps the invariant passes, and each way to break it is found by the rule that names it."""

import dataclasses

import pytest

from benchmarks.chaos import SHORT_EMBEDDED, SHORT_FULL
from benchmarks.faults.injecting import FAULTS
from benchmarks.faults.invariant import Evidence, violations
from benchmarks.faults.record import Change, Row
from benchmarks.faults.work import KINDS, Accepted

OWNER = 1
EMPTY = Change(0, 0.0, 0, "jobs_job", "a", OWNER, "backtests.run", "", "", 0, 0, 0.0, 0.0, 0, 0, "", 0, 0)
ROW = Row("a", OWNER, "backtests.run", "succeeded", 1, 1, False, "", "", "Run on AAPL")


def history(*states, job="a", result=True):
    """Changes through these states, one a second, each claim under a new fence; with the result at a success."""
    changes, old, fence, attempt = [], "", 0, 0
    for at, state in enumerate(states):
        began = state == "running"
        change = dataclasses.replace(
            EMPTY,
            number=len(changes),
            at=float(at),
            transaction=at,
            job=job,
            old=old,
            new=state,
            old_fence=fence,
            fence=fence + began,
            old_attempt=attempt,
            attempt=attempt + began,
            old_seq=at,
            seq=at + 1,
        )
        changes.append(change)
        if state == "succeeded" and result:
            changes.append(dataclasses.replace(change, table="backtests_backtestresult", old="", new=""))
        old, fence, attempt = state, change.fence, change.attempt
    return changes


def accepted(name="quick", job="a", **fields):
    return {job: Accepted(job, KINDS[name], "ada", f"/{job}/", 0.0, 0.1, **fields)}


def evidence(changes=None, rows=(ROW,), **fields):
    good = {
        "accepted": accepted(),
        "unanswered": {},
        "rows": list(rows),
        "changes": history("queued", "running", "succeeded") if changes is None else changes,
        "queue_limit": 2,
        "run_limit": 30.0,
        "trials": 1,
    }
    return Evidence(**good | fields)


def row(**fields):
    return dataclasses.replace(ROW, **fields)


def failed(code="worker_lost", **fields):
    return row(state="failed", error_code=code, error_detail="Why.", **fields)


def test_a_run_that_succeeds_once_is_right():
    assert violations(evidence()) == []


def test_a_run_that_three_workers_lost_is_right():
    changes = history("queued", *["running", "queued"] * 2, "running", "failed")
    assert violations(evidence(changes, [failed()], trials=0)) == []


def with_last(changes, **fields):
    return [*changes[:-1], dataclasses.replace(changes[-1], **fields)]


RUN = history("queued", "running", "succeeded")
LOST_TWICE = history("queued", "running", "queued", "running", "succeeded")
BROKEN = {
    "accepted jobs exist": evidence([], [], trials=0),
    "one job for each request": evidence(rows=[ROW, row(id="b")], trials=2),
    "no submission breaks": evidence(broken=["quick: 500"]),
    "each job ends": evidence(RUN[:2], [row(state="running")], trials=0),
    "no lease is left": evidence(rows=[row(leased=True)]),
    "each run is counted once": evidence(trials=2),
    "each job ends once": evidence([*RUN, *history("succeeded", "running", "succeeded")[1:]]),
    "the state machine": evidence([*RUN, *history("succeeded", "running")[1:]]),
    "at most three attempts": evidence(history("queued", *["running", "queued"] * 3, "running", "succeeded")),
    "one claim at a time": evidence(
        [*RUN[:2], dataclasses.replace(RUN[1], old="running", old_fence=1, fence=2), *RUN[2:]]
    ),
    "a claim raises the fence": evidence([RUN[0], dataclasses.replace(RUN[1], fence=0), *RUN[2:]]),
    "an ended job rests": evidence([*RUN, dataclasses.replace(RUN[2], old="succeeded", old_seq=3, seq=4)]),
    "progress never falls": evidence(
        [*RUN[:2], dataclasses.replace(RUN[1], old="running", old_fence=1, old_progress=0.5), *RUN[2:]]
    ),
    "seq grows": evidence([RUN[0], dataclasses.replace(RUN[1], old_seq=5, seq=4), *RUN[2:]]),
    "a success has a result": evidence(history("queued", "running", "succeeded", result=False)),
    "one result": evidence([*RUN, RUN[-1]]),
    "no result without success": evidence([*RUN[:2], RUN[-1]], [row(state="running")], trials=0),
    "result and end are one": evidence(with_last(RUN, transaction=99)),
    "one attempt suffices in peace": evidence(LOST_TWICE, quiet=True),
    "a failure has its reason": evidence(
        history("queued", "running", "failed"), [row(state="failed", error_code="worker_lost")], trials=0
    ),
    "failures are explained": evidence(
        history("queued", "running", "failed"), [failed("internal_error")], trials=0
    ),
    "cancelled only when asked": evidence(history("queued", "cancelled"), [row(state="cancelled")], trials=0),
    "poison fails": evidence(accepted=accepted("bomb")),
    "a cancelled job does not succeed": evidence(
        [*RUN[:2], *(dataclasses.replace(change, at=9.0) for change in RUN[2:])],
        accepted=accepted(cancel_at=1.0),
    ),
    "each attempt ends by its deadline": evidence(
        [*RUN[:2], *(dataclasses.replace(change, at=90.0) for change in RUN[2:])]
    ),
    "no queue over its limit": evidence(
        [*RUN, *(change for job in "bcd" for change in history("queued", "cancelled", job=job)[:1])]
    ),
    "results are those of a lab without faults": evidence(digests={"a": "1"}, references={"quick": "2"}),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_way_to_break_the_invariant_is_found(rule):
    assert rule in {violation.rule for violation in violations(BROKEN[rule])}


def test_a_job_that_nobody_was_told_of_is_explained_by_a_request_of_its_owner_alone():
    rows = [ROW, row(id="b", kind="marketdata.import")]
    assert violations(evidence(rows=rows, unanswered={OWNER: 1})) == []
    found = violations(evidence(rows=rows, unanswered={OWNER + 1: 5}))
    assert [one.rule for one in found] == ["one job for each request"]


def test_a_full_disk_explains_that_storing_failed_and_nothing_else_does():
    changes, rows = history("queued", "running", "failed"), [failed("storage_failed")]
    assert violations(evidence(changes, rows, trials=0, full_disk=[(1.0, 2.0)])) == []
    assert violations(evidence(changes, rows, trials=0, full_disk=[(50.0, 52.0)]))


def test_a_cancel_that_was_asked_for_explains_the_end_also_without_an_answer():
    rows = [row(state="cancelled")]
    seen = evidence(history("queued", "cancelled"), rows, trials=0, accepted=accepted(cancel_asked=True))
    assert violations(seen) == []


def test_an_attempt_that_was_handed_back_in_good_order_is_not_counted():
    changes = history("queued", *["running", "queued"] * 3, "running", "succeeded")
    handed = [
        dataclasses.replace(change, attempt=change.attempt - 1) if change.at == 2.0 else change
        for change in changes
    ]
    assert violations(evidence(handed, stopped_pools=1)) == []
    assert [found.rule for found in violations(evidence(handed))] == ["at most three attempts"]


def test_the_short_form_injects_each_kind_of_fault_at_least_five_times():
    counts = {name: SHORT_FULL.get(name, 0) + SHORT_EMBEDDED.get(name, 0) for name in FAULTS}
    assert min(counts.values()) >= 5, counts
    assert sum(counts.values()) >= 60
