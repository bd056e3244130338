"""The invariant, checked by counting: each submitted job ends exactly once, in time, with its result or a reason."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from algotrade.tests.e2e.sockets import TERMINAL
from benchmarks.faults.record import Change, Row
from benchmarks.faults.work import Accepted

MOST_ATTEMPTS = 3
MOST_ATTEMPTS_MEMORY = 2
CANCEL_SECONDS = 5.0
ALLOWED = {
    ("", "queued"),
    ("queued", "running"),
    ("queued", "cancelled"),
    ("queued", "failed"),
    ("running", "queued"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One job, or one figure, that is not as it must be. `kind`: lost, duplicated, wrong, stuck, unseen, quota."""

    kind: str
    rule: str
    detail: str


@dataclass
class Evidence:
    """Everything that is counted. `unanswered`: submissions by owner that may have made a job and did not say so."""

    accepted: Mapping[str, Accepted]
    unanswered: Mapping[int, int]
    rows: Sequence[Row]
    changes: Sequence[Change]
    queue_limit: int
    run_limit: float
    broken: Sequence[str] = ()
    full_disk: Sequence[tuple[float, float]] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    trials: int | None = None
    transactions: bool = True
    stopped_pools: int = 0
    quiet: bool = False


def violations(seen: Evidence) -> list[Violation]:
    """Everything that contradicts the invariant."""
    histories: dict[str, list[Change]] = defaultdict(list)
    for change in seen.changes:
        histories[change.job].append(change)
    jobs = {job: [c for c in history if c.table == "jobs_job"] for job, history in histories.items()}
    return [
        *_counted(seen),
        *_lives(jobs, seen.stopped_pools),
        *_results(seen, histories),
        *_reasons(seen, jobs),
        *_cancels(seen, jobs),
        *_overdue(seen, jobs),
        *_quota(seen),
        *_equal(seen),
    ]


def _counted(seen: Evidence) -> Iterable[Violation]:
    known = {row.id for row in seen.rows}
    for job, taken in seen.accepted.items():
        if job not in known:
            yield Violation(
                "lost", "accepted jobs exist", f"{taken.kind.name} {job} was accepted and is gone"
            )
    more = Counter(row.owner for row in seen.rows if row.id not in seen.accepted)
    for owner, count in more.items():
        if count > (asked := seen.unanswered.get(owner, 0)):
            said = f"user {owner}: {count} jobs that nobody was told of, {asked} requests without an answer"
            yield Violation("duplicated", "one job for each request", said)
    for said in seen.broken:
        yield Violation("wrong", "no submission breaks", said)
    for row in seen.rows:
        if row.state not in TERMINAL:
            yield Violation(
                "stuck",
                "each job ends",
                f"{row.title} ({row.kind}) is {row.state} after {row.attempt} attempts",
            )
        if row.leased:
            yield Violation("stuck", "no lease is left", f"{row.title} holds a lease")
    runs = sum(row.kind == "backtests.run" and row.state == "succeeded" for row in seen.rows)
    if seen.trials is not None and seen.trials != runs:
        said = f"the ledger counts {seen.trials} runs, {runs} have succeeded"
        yield Violation("duplicated", "each run is counted once", said)


def _lives(jobs: Mapping[str, Sequence[Change]], stopped_pools: int) -> Iterable[Violation]:
    """States, fences, attempts, progress: each as the state machine allows."""
    for job, history in jobs.items():
        ends = [change for change in history if change.new in TERMINAL and change.old != change.new]
        if len(ends) > 1:
            said = " -> ".join(change.new for change in ends)
            yield Violation("duplicated", "each job ends once", f"{job} ended {len(ends)} times: {said}")
        claims = sum(change.old == "queued" and change.new == "running" for change in history)
        if claims > MOST_ATTEMPTS + min(_uncounted(history), stopped_pools):
            yield Violation("wrong", "at most three attempts", f"{job} was begun {claims} times")
        for change in history:
            if change.old != change.new and (change.old, change.new) not in ALLOWED:
                yield Violation("wrong", "the state machine", f"{job} went from {change.old} to {change.new}")
            if change.old == change.new == "running" and change.fence != change.old_fence:
                yield Violation("duplicated", "one claim at a time", f"{job} was claimed while it ran")
            if change.old == "queued" and change.new == "running" and change.fence != change.old_fence + 1:
                yield Violation(
                    "wrong", "a claim raises the fence", f"{job}: {change.old_fence} to {change.fence}"
                )
            if change.old in TERMINAL and change.old == change.new:
                yield Violation(
                    "wrong", "an ended job rests", f"{job} was written to after it had {change.old}"
                )
            if change.progress < change.old_progress - 1e-9:
                said = f"{job}: {change.old_progress} to {change.progress}"
                yield Violation("wrong", "progress never falls", said)
            if change.seq < change.old_seq:
                yield Violation("wrong", "seq grows", f"{job}: {change.old_seq} to {change.seq}")


def _uncounted(history: Sequence[Change]) -> int:
    """Attempts that a pool has handed back: those of one that was asked to end count for nothing."""
    return sum(change.attempt < change.old_attempt for change in history)


def _results(seen: Evidence, histories: Mapping[str, Sequence[Change]]) -> Iterable[Violation]:
    """One result for each success and none for anything else, written together with the end."""
    for row in seen.rows:
        history = histories.get(row.id, [])
        written = [change for change in history if change.table != "jobs_job"]
        computes = row.kind in {"backtests.run", "backtests.sweep", "mlmodels.train"}
        if row.state == "succeeded" and computes and not written:
            yield Violation("wrong", "a success has a result", f"{row.title} succeeded without one")
        if len(written) > 1:
            yield Violation(
                "duplicated", "one result", f"{row.title}: its result was written {len(written)} times"
            )
        if row.state != "succeeded" and written:
            yield Violation(
                "wrong", "no result without success", f"{row.title} is {row.state} and has a result"
            )
        ends = {
            change.transaction for change in history if change.new in TERMINAL and change.table == "jobs_job"
        }
        if seen.transactions and written and ends and written[-1].transaction not in ends:
            yield Violation("wrong", "result and end are one", f"{row.title}: two transactions")


def _reasons(seen: Evidence, jobs: Mapping[str, Sequence[Change]]) -> Iterable[Violation]:
    """How each job ended, and whether that can be explained."""
    for row in seen.rows:
        taken = seen.accepted.get(row.id)
        history = jobs.get(row.id, [])
        claims = sum(change.new == "running" and change.old == "queued" for change in history)
        cancelled = taken is not None and taken.cancel_at is not None
        if seen.quiet and claims > 1:
            yield Violation("wrong", "one attempt suffices in peace", f"{row.title} took {claims} attempts")
        if row.state == "failed":
            if not row.error_code or not row.error_detail:
                yield Violation("wrong", "a failure has its reason", f"{row.title} failed without words")
            allowed = _allowed_codes(seen, taken, history, claims)
            if taken is not None and row.error_code not in allowed:
                said = (
                    f"{taken.kind.name}: {row.error_code} after {claims} attempts ({row.error_detail[:120]})"
                )
                yield Violation("wrong", "failures are explained", said)
        if row.state == "cancelled" and taken is not None and not taken.cancel_asked:
            yield Violation("wrong", "cancelled only when asked", f"{row.title} was cancelled by nobody")
        if row.state == "succeeded" and taken is not None and taken.kind.error and not cancelled:
            yield Violation("wrong", "poison fails", f"{taken.kind.name} succeeded")


def _allowed_codes(
    seen: Evidence, taken: Accepted | None, history: Sequence[Change], claims: int
) -> set[str]:
    allowed = {taken.kind.error} if taken is not None and taken.kind.error else set()
    if claims >= MOST_ATTEMPTS or (allowed & {"out_of_memory"} and claims >= MOST_ATTEMPTS_MEMORY):
        allowed |= {"worker_lost", "database_unavailable"}
    if history and any(
        began - 1.0 <= history[-1].at and history[0].at <= ended + 1.0 for began, ended in seen.full_disk
    ):
        allowed.add("storage_failed")
    return allowed


def _cancels(seen: Evidence, jobs: Mapping[str, Sequence[Change]]) -> Iterable[Violation]:
    for job, taken in seen.accepted.items():
        ends = [change for change in jobs.get(job, ()) if change.new in TERMINAL]
        if taken.cancel_at is None or not ends:
            continue
        if ends[0].new == "succeeded" and ends[0].at > taken.cancel_at + CANCEL_SECONDS:
            said = f"{taken.kind.name} succeeded {ends[0].at - taken.cancel_at:.1f} s after its cancel was accepted"
            yield Violation("wrong", "a cancelled job does not succeed", said)


def _overdue(seen: Evidence, jobs: Mapping[str, Sequence[Change]]) -> Iterable[Violation]:
    """No attempt of a run outlives its deadline by more than the sweeper needs, whatever happens to its worker."""
    for job, history in jobs.items():
        if not history or history[0].kind != "backtests.run":
            continue
        began = None
        for change in history:
            if change.old == "queued" and change.new == "running":
                began = change.at
            elif began is not None and change.old == "running" and change.new != "running":
                if change.at - began > seen.run_limit:
                    said = f"{job} ran {change.at - began:.1f} s"
                    yield Violation("stuck", "each attempt ends by its deadline", said)
                began = None


def _quota(seen: Evidence) -> Iterable[Violation]:
    """Replay the queue: nobody ever has more jobs waiting by their own doing than the limit."""
    waiting: Counter[int] = Counter()
    worst: Counter[int] = Counter()
    for change in seen.changes:
        if change.table != "jobs_job" or change.old == change.new:
            continue
        if change.new == "queued":
            waiting[change.owner] += 1
            if change.old == "":
                worst[change.owner] = max(worst[change.owner], waiting[change.owner])
        elif change.old == "queued":
            waiting[change.owner] -= 1
    for owner, count in worst.items():
        if count > seen.queue_limit:
            yield Violation("quota", "no queue over its limit", f"user {owner} had {count} waiting")


def _equal(seen: Evidence) -> Iterable[Violation]:
    for job, digest in seen.digests.items():
        kind = seen.accepted[job].kind.name
        expected = seen.references.get(kind)
        if expected is not None and digest != expected:
            yield Violation("wrong", "results are those of a lab without faults", f"{kind} {job} differs")
