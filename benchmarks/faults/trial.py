"""One lab from its start to the count: in peace first, then under faults, then until everything has ended."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from algotrade.tests.e2e.sockets import TERMINAL
from benchmarks.faults.digests import digests, is_fingerprint
from benchmarks.faults.injecting import FAULTS
from benchmarks.faults.invariant import Evidence, Violation, violations
from benchmarks.faults.lab import until_true
from benchmarks.faults.limits import LEASE_SECONDS, QUEUE_LIMIT, RUN_LIMIT_SECONDS, SWEEP_SECONDS
from benchmarks.faults.record import Row
from benchmarks.faults.rig import Fault, Missed, Rig
from benchmarks.faults.work import KINDS, Accepted

PEACEFUL = ("quick", "paced", "slower", "long", "sweep", "import", "training")
PEOPLE = ("ada", "grace", "bomb", "crash", "endless", "crowd", "loner", "meddler", "bystander", "patient")
PEACE_SECONDS = 120.0
BACK_SECONDS = 20.0
MOST_CALM = 300.0
AT_ONCE = 6
LEAST_STORM = 40.0
AGAIN_SECONDS = 2.0
EARLY = frozenset({"endless"})
SEEN_SECONDS = 20.0
JOIN_SECONDS = 60.0
MOST_ADVICE = 40
OVERDUE_SLACK = LEASE_SECONDS + 3 * SWEEP_SECONDS + 13.0


@dataclass
class Outcome:
    """What one lab went through, and what is wrong."""

    title: str
    faults: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    by_end: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    violations: list[Violation] = field(default_factory=list)
    recovery: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    sockets: int = 0
    reopened: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    broker: list[tuple[bool, float]] = field(default_factory=list)
    beside_many: list[float] = field(default_factory=list)
    orphans: list[int] = field(default_factory=list)
    restarts: int = 0
    seconds: float = 0.0
    tracebacks: dict[str, int] = field(default_factory=dict)


class Trial:
    """Runs one lab through its phases."""

    def __init__(self, rig: Rig, title: str, references: dict[str, str]) -> None:
        self.rig = rig
        self.outcome = Outcome(title)
        self.references = references
        self._injected: list[tuple[str, float]] = []
        self._waiting: list[Fault] = []
        self._told: Counter[str] = Counter()
        self._struck: set[str] = set()
        self._under_way = 0
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def settle(self) -> None:
        """Accounts for everybody, before anything else happens."""
        for name in PEOPLE:
            self.rig.work.add_person(name)

    # -- In peace ------------------------------------------------------------------------------------------------

    def peace(self, kinds: Sequence[str] = PEACEFUL, patience: float = PEACE_SECONDS) -> None:
        """Each kind of work once without faults: its results are what all later ones must equal."""
        work = self.rig.work
        taken = [work.submit(work.people["ada"], KINDS[name]) for name in kinds]
        refused = [name for name, one in zip(kinds, taken, strict=True) if one is None]
        if refused:
            raise RuntimeError(f"The lab refused {refused} in peace: {work.answers.refusal}")
        began = time.time()
        if (
            not until_true(lambda: self._all_ended() or self._silence(began) > patience, MOST_CALM, every=0.5)
            or not self._all_ended()
        ):
            self.outcome.violations.append(Violation("stuck", "peace", "work without faults did not end"))
        evidence = self._evidence()
        evidence.quiet = True
        self.outcome.violations += violations(evidence)
        self._refer(kinds)
        ended = [row.id for row in evidence.rows if row.state in TERMINAL]
        self.outcome.violations += self._rooms_of_users(ended)

    def _refer(self, kinds: Sequence[str]) -> None:
        """Keep the fingerprints of peace; what could not be read then would equal what cannot be read later."""
        found = {self.rig.work.accepted[job].kind.name: said for job, said in digests(self.rig).items()}
        for kind in kinds:
            digest = found.get(kind, "none")
            if is_fingerprint(digest):
                self.references.setdefault(kind, digest)
            else:
                said = f"{kind}: {digest}"
                self.outcome.violations.append(Violation("wrong", "results can be read in peace", said))

    def _rooms_of_users(self, ended: Sequence[str]) -> list[Violation]:
        """In peace a user's room tells what the rooms of the user's jobs tell: each end, and the way there."""
        of_job, of_user = self.rig.sockets.of_job, self.rig.sockets.of_user

        def untold() -> list[str]:
            return [job for job in ended if job not in of_user or of_user[job].ended_at is None]

        until_true(lambda: not untold(), SEEN_SECONDS, every=0.25)
        found = []
        for job in untold():
            said = f"the room of its user told nothing of the end of {job}"
            found.append(Violation("unseen", "the room of a user hears each end", said))
        # A socket looks from time to time what it missed, so the ends alone do not show that news come.
        told = sum(of_user[job].told for job in ended if job in of_user)
        news = sum(of_job[job].told for job in ended if job in of_job)
        if 2 * told < news:
            said = f"{told} news of jobs in the room of their user, {news} in theirs"
            found.append(Violation("unseen", "the room of a user hears the news", said))
        return found

    # -- Under faults --------------------------------------------------------------------------------------------

    def storm(self, plan: Sequence[Fault], seconds: float, *, people: int = 2) -> None:
        """Inject the plan at random moments within about so many seconds, while people go on working."""
        rng, work = self.rig.rng, self.rig.work
        for name in PEOPLE[:people]:
            work.begin(work.people[name], pause=0.8, most=4)
        self._waiting = list(plan)
        pause = seconds / max(len(plan), 1)
        until = time.monotonic() + max(LEAST_STORM, 4 * seconds)
        while time.monotonic() < until and (self._waiting or self._under_way):
            if fault := self._next():
                self._begin(fault)
                time.sleep(min(rng.expovariate(1.5 / pause), 2 * pause))
            else:
                time.sleep(0.1)
        joined = time.monotonic() + JOIN_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(0.0, joined - time.monotonic()))
        with self._lock:
            missing = Counter(fault.name for fault in plan) - self.outcome.faults - self._told
        for name, count in missing.items():
            self._not_injected(name, f"{count} were left out or have not ended")

    def _next(self) -> Fault | None:
        """The next fault whose places do not suffer from an earlier one."""
        with self._lock:
            if self._under_way >= AT_ONCE:
                return None
            fault = next((one for one in self._waiting if self._struck.isdisjoint(one.strikes)), None)
            if fault is not None:
                self._waiting.remove(fault)
                self._struck.update(fault.strikes)
                self._under_way += 1
            return fault

    def _begin(self, fault: Fault) -> None:
        thread = threading.Thread(target=self._strike, args=(fault,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _strike(self, fault: Fault) -> None:
        """Inject a fault, end it after its time, and wait some seconds for what it struck to come back."""
        missed = False
        try:
            began = time.time()
            release = fault.inject(self.rig)
            if release is not None:
                time.sleep(release[0])
                release[1]()
            with self._lock:
                self.outcome.faults[fault.name] += 1
                self._injected.append((fault.name, began))
            until_true(lambda: self._is_back(fault), BACK_SECONDS, every=0.3)
        except Missed:
            missed = True
        except Exception as error:
            self._not_injected(fault.name, f"{type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._struck.difference_update(fault.strikes)
            if missed:
                time.sleep(AGAIN_SECONDS)
            with self._lock:
                self._waiting += [fault] * missed
                self._under_way -= 1

    def _not_injected(self, name: str, said: str) -> None:
        with self._lock:
            self._told[name] += 1
        self.outcome.violations.append(Violation("stuck", "faults can be injected", f"{name}: {said}"))

    def _is_back(self, fault: Fault) -> bool:
        """Whether the processes that a fault struck do their part again, and so does the database."""
        with suppress(Exception):
            lab, pools = self.rig.lab, self.rig.record.pools()
            return all(lab.is_up(name, pools) for name in fault.strikes if name in lab.services)
        return False

    # -- Until everything has ended ------------------------------------------------------------------------------

    def calm(self, patience: float, most: float = MOST_CALM) -> None:
        """Stop submitting; wait until all has ended, or nothing has changed for so many seconds, or the most; count."""
        work, sockets = self.rig.work, self.rig.sockets
        work.stop()
        began = time.time()
        until_true(lambda: self._all_ended() or self._silence(began) > patience, most, every=0.5)
        until_true(lambda: not sockets.unseen(), SEEN_SECONDS, every=0.25)
        evidence = self._evidence()
        evidence.digests = digests(self.rig)
        self.outcome.compared = len(evidence.digests)
        found = self.outcome.violations
        found += violations(evidence)
        found += self._sockets(evidence)
        found += self._broker()
        found += self._advice(evidence.rows)
        self._figures(evidence)

    def end(self) -> None:
        """Stop the lab; whoever is still there is an orphan."""
        self.rig.sockets.stop()
        self.outcome.orphans = self.rig.lab.end()
        for pid in self.outcome.orphans:
            self.outcome.violations.append(Violation("stuck", "no process is left", f"process {pid}"))
        self.outcome.restarts = self.rig.lab.restarts
        self.outcome.tracebacks = self.rig.lab.tracebacks()

    def _silence(self, since: float) -> float:
        """Seconds since a job changed its state; a database that is away tells nothing, and that is silence."""
        last = since
        with suppress(Exception):
            last = self.rig.record.ask("SELECT max(at) FROM chaos_changes WHERE old <> new")[0][0] or since
        return time.time() - max(since, last)

    def _all_ended(self) -> bool:
        try:
            found = self.rig.record.ask("SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')")
        except Exception:
            return False
        return found[0][0] == 0

    def _evidence(self) -> Evidence:
        record, work = self.rig.record, self.rig.work
        return Evidence(
            accepted=dict(work.accepted),
            unanswered=self._unanswered(),
            broken=work.answers.broken,
            rows=record.jobs(),
            changes=record.changes(),
            queue_limit=QUEUE_LIMIT,
            run_limit=RUN_LIMIT_SECONDS + OVERDUE_SLACK,
            full_disk=list(self.rig.full_disk),
            references=self.references,
            trials=record.trials(),
            transactions=not self.rig.lab.embedded,
            stopped_pools=self.outcome.faults["web_restarted"] if self.rig.lab.embedded else 0,
        )

    def _unanswered(self) -> dict[int, int]:
        """Of how many submissions of each owner nobody knows what became."""
        owners = dict(self.rig.record.ask("SELECT username, id FROM accounts_user"))
        return {owners[name]: count for name, count in self.rig.work.answers.unanswered.items()}

    def _sockets(self, evidence: Evidence) -> list[Violation]:
        found: list[Violation] = []
        ends = {change.job: change for change in evidence.changes if change.new in TERMINAL}
        sockets = self.rig.sockets
        names = {job: f"{taken.kind.name} {job}" for job, taken in self.rig.work.accepted.items()}
        for job, seen in sockets.of_job.items():
            if job in ends and seen.ended_at is None:
                said = f"{names.get(job, job)}: shown {seen.state or 'nothing'}, it had {ends[job].new}"
                found.append(Violation("unseen", "every open socket sees the end", said))
            elif job in ends and seen.ended_at is not None:
                self.outcome.told.append(max(0.0, seen.ended_at - ends[job].at))
        for job, seen in (*sockets.of_job.items(), *sockets.of_user.items()):
            name = names.get(job, job)
            if job in ends and seen.ended_at is not None and seen.state != ends[job].new:
                said = f"{name}: {seen.state}, not {ends[job].new}"
                found.append(Violation("unseen", "sockets tell the truth", said))
            for problem in seen.problems:
                found.append(Violation("wrong", "what sockets show only goes on", f"{name}: {problem}"))
        return found

    def _broker(self) -> list[Violation]:
        refused = [seconds for taken, seconds in self.rig.broker_answers if not taken]
        said = f"{len(refused)} of {len(self.rig.broker_answers)} submissions without a broker were refused"
        return [Violation("lost", "no broker is needed to submit", said)] if refused else []

    def _advice(self, rows: Iterable[Row]) -> list[Violation]:
        """What the API tells the owner of a failed job: a code, and what to do about it."""
        work, found = self.rig.work, []
        people = {person.name: person for person in work.people.values()}
        failed = [row.id for row in rows if row.state == "failed" and row.id in work.accepted]
        for job in failed[:MOST_ADVICE]:
            status, body = people[work.accepted[job].person].ask("GET", f"/api/jobs/{UUID(job)}/")
            told = body if status == 200 else {}
            if lacking := [name for name in ("error_code", "advice") if not told.get(name)]:
                said = f"{work.accepted[job].kind.name} {job}: {status} without {', '.join(lacking)}"
                found.append(Violation("wrong", "a failure comes with advice", said))
        return found

    def _figures(self, evidence: Evidence) -> None:
        outcome, rig = self.outcome, self.rig
        outcome.jobs = len(evidence.rows)
        outcome.by_end = Counter(
            row.state + (f" ({row.error_code})" if row.error_code else "") for row in evidence.rows
        )
        outcome.answers = dict(rig.work.answers.by_status)
        outcome.sockets, outcome.reopened = (
            len(rig.sockets.of_job),
            rig.sockets.opened - len(rig.sockets.of_job),
        )
        outcome.broker = list(rig.broker_answers)
        starts = {c.job: c.at for c in reversed(evidence.changes) if c.old == "queued" and c.new == "running"}
        outcome.beside_many = [starts[one.job] - one.at for one in rig.beside_many if one.job in starts]
        outcome.recovery = recoveries(self._injected, evidence.accepted, evidence.changes)


def recoveries(
    injected: Sequence[tuple[str, float]], accepted: Mapping[str, Accepted], changes: Sequence[Any]
) -> list[float]:
    """For each fault the seconds until a run that was submitted after it had succeeded."""
    ends = sorted((change.at, change.job) for change in changes if change.new == "succeeded")
    found = []
    for _name, at in injected:
        later = (end for end, job in ends if job in accepted and accepted[job].at >= at)
        if (first := next(later, None)) is not None:
            found.append(first - at)
    return found


def make_plan(rng: random.Random, counts: Mapping[str, int]) -> list[Fault]:
    """So many of each kind, in random order; those that take long to end, early: all would wait for them in the end."""
    plan = [FAULTS[name] for name, count in counts.items() for _one in range(count) if name not in EARLY]
    rng.shuffle(plan)
    for name in EARLY & set(counts):
        for _one in range(counts[name]):
            plan.insert(rng.randrange(len(plan) // 3 + 1), FAULTS[name])
    return plan
