"""Faults at random moments over real work, and a count: does each submitted job end exactly once, with its result?

    .venv/bin/python -m benchmarks.chaos --short            # about six minutes on two cores; 1 on a violation
    .venv/bin/python -m benchmarks.chaos --minutes 60       # the long form
    .venv/bin/python -m benchmarks.chaos --defects          # plants each defect and sees that it is found
    .venv/bin/python -m benchmarks.chaos --seed 7 --only redis_killed,child_frozen

Starts its own PostgreSQL, Redis, web, two workers and beat, and after these an embedded lab, all on loopback and free
ports, and ends all it has started. Needs Linux, PostgreSQL, Redis, and root (or sudo) for a disk that can be full.
docs/reliability.md says what is injected and what is checked.
"""

import argparse
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.faults import report
from benchmarks.faults.injecting import FAULTS
from benchmarks.faults.invariant import Violation
from benchmarks.faults.lab import EMBEDDED, FULL, Lab
from benchmarks.faults.planted import DEFECTS
from benchmarks.faults.record import Record
from benchmarks.faults.rig import Rig
from benchmarks.faults.servers import Missing, Postgres, Redis, SmallDisk
from benchmarks.faults.sockets import Sockets
from benchmarks.faults.trial import Outcome, Trial, make_plan
from benchmarks.faults.work import Work

DISK_MB = 512
SMALL = ("web", "worker1")
SERVICES = {"full": FULL, "embedded": EMBEDDED}
SHORT_FULL = {
    "child_killed": 4,
    "worker_killed": 5,
    "web_killed": 3,
    "web_restarted": 4,
    "child_frozen": 4,
    "child_stopped": 4,
    "worker_frozen": 5,
    "redis_killed": 5,
    "redis_flushed": 5,
    "redis_hung": 5,
    "broker_down_at_commit": 5,
    "postgres_restarted": 5,
    "messages_doubled": 5,
    "two_sweepers": 4,
    "disk_full": 3,
    "socket_never_read": 3,
    "memory_bomb": 4,
    "crash": 4,
    "endless": 4,
    "many_runs": 3,
    "cancelled": 3,
    "strategy_edited": 3,
    "strategy_deleted": 3,
}
SHORT_EMBEDDED = {
    "child_killed": 1,
    "web_killed": 2,
    "web_restarted": 1,
    "child_frozen": 1,
    "child_stopped": 1,
    "two_sweepers": 1,
    "disk_full": 2,
    "socket_never_read": 2,
    "memory_bomb": 1,
    "crash": 1,
    "endless": 1,
    "many_runs": 2,
    "cancelled": 2,
    "strategy_edited": 2,
    "strategy_deleted": 2,
}
COUNTS = {"full": SHORT_FULL, "embedded": SHORT_EMBEDDED}
FULL_SECONDS, EMBEDDED_SECONDS = 90.0, 30.0
PATIENCE_SECONDS = 45.0
PLANTED_SECONDS = 60.0  # a job that comes back for ever is never calm


def asked(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line. A name that means nothing ends the program: nothing would be checked, and that would pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--short", action="store_true", help="each kind of fault at least five times (the default)"
    )
    form.add_argument("--minutes", type=float, help="as long as this, in rounds of the short form")
    form.add_argument(
        "--defects", nargs="?", const="", help="plant defects: all, or these, by name and comma"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the moments and the order; printed")
    parser.add_argument("--only", default="", help="these kinds of faults alone, by name and comma")
    parser.add_argument("--deployment", choices=["full", "embedded"], help="one of the two alone")
    parser.add_argument("--keep", type=Path, help="leave the logs in this folder")
    given = parser.parse_args(words)
    given.only = {name for name in given.only.split(",") if name}
    counts = [COUNTS[title] for title in COUNTS if given.deployment in {None, title}]
    if unknown := given.only - {name for one in counts for name in one}:
        parser.error(f"there are no such faults: {', '.join(sorted(unknown))}")
    if given.defects is not None:
        given.defects = [name for name in given.defects.split(",") if name] or list(DEFECTS)
        if unknown := set(given.defects) - set(DEFECTS):
            parser.error(f"there are no such defects: {', '.join(sorted(unknown))}")
    return given


def main() -> int:
    given = asked()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    signal.signal(signal.SIGTERM, _end)
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-chaos-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL's own user must come through
        try:
            house = House(folder, stack, random.Random(seed))
            if given.defects is not None:
                return planted(house, given.defects)
            return storms(house, given)
        except Missing as missing:
            print(missing)
            return 2


class House:
    """The servers that all labs of one run share, and how a lab is made on them."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack, rng: random.Random) -> None:
        self.folder, self.rng = folder, rng
        self.references: dict[str, str] = {}
        self._count = 0
        self._is_warm = False
        self.postgres, self.redis = Postgres(folder), Redis(folder)
        stack.callback(self.postgres.stop)
        self.postgres.start()
        stack.callback(self.redis.kill)
        self.redis.start()

    @contextlib.contextmanager
    def trial(self, title: str, services: tuple[str, ...], burst: int, **environment: str) -> Iterator[Trial]:
        """A lab that runs, with accounts; ended, with all its processes, whatever happens."""
        self._count += 1
        place = self.folder / f"{self._count}-{title}"
        embedded = services == EMBEDDED
        disk = SmallDisk(place / "data", DISK_MB)
        with contextlib.ExitStack() as stack:
            stack.callback(disk.stop)
            disk.start()
            own: dict[str, Any] = {}
            url = f"sqlite:///{disk.folder / 'lab.sqlite3'}"
            if not embedded:
                url = self._copy_of_template(disk.folder)
                self.redis.flush()
                own = {"redis": self.redis, "postgres": self.postgres}
                environment |= {"DATABASE_URL": url, "REDIS_URL": self.redis.url}
            lab = Lab(place, disk.folder, services, **environment)
            if embedded:
                self._prepare(lab, url)
            stack.callback(lab.end)
            lab.begin()
            sockets = Sockets(lab.port)
            stack.callback(sockets.stop)
            work = Work(lab, sockets, self.rng)
            rig = Rig(lab, Record(url), work, sockets, disk, self.rng, burst=burst, **own)
            trial = Trial(rig, title, self.references)
            trial.settle()
            yield trial

    def _copy_of_template(self, data: Path) -> str:
        """A database with tables, triggers and samples, and the samples' files; made once, then copied."""
        kept = self.folder / "template"
        if not kept.exists():
            kept.mkdir()
            url = self.postgres.new_database("chaos_template")
            self._prepare(Lab(self.folder, kept, FULL, DATABASE_URL=url, REDIS_URL=self.redis.url), url)
        shutil.copytree(kept, data, dirs_exist_ok=True)
        return self.postgres.new_database(f"chaos_{self._count}", "chaos_template")

    def _prepare(self, lab: Lab, database_url: str) -> None:
        """Tables, samples and the triggers; beside them, once, compiled functions: else the first jobs compile."""
        with ThreadPoolExecutor(1) as beside:
            warming = None
            if not self._is_warm:
                warming = beside.submit(lab.run, "python", "manage.py", "warm_up", seconds=900)
            lab.run("python", "manage.py", "migrate", "--no-input", "-v", "0", seconds=300)
            lab.run("python", "manage.py", "load_samples", seconds=300)
            if warming is not None:
                warming.result()
                self._is_warm = True
        Record(database_url).install()


def storms(house: House, given: argparse.Namespace) -> int:
    """The short form once, or again and again for so many minutes."""
    began = time.monotonic()
    outcomes: list[Outcome] = []
    burst = 1000 if given.minutes else 40
    while True:
        if given.deployment != "embedded":
            outcomes.append(storm(house, "full", FULL_SECONDS, burst, given.only))
        if given.deployment != "full":
            outcomes.append(storm(house, "embedded", EMBEDDED_SECONDS, burst, given.only))
        if not given.minutes or time.monotonic() - began > 60 * given.minutes:
            break
    return report.tell(outcomes, time.monotonic() - began)


def storm(house: House, title: str, seconds: float, burst: int, only: Collection[str]) -> Outcome:
    """One lab in peace, under faults, and counted."""
    counts = COUNTS[title]
    chosen = {name: count for name, count in counts.items() if not only or name in only}
    began = time.monotonic()
    with house.trial(title, SERVICES[title], burst) as trial:
        _say(began, f"{title}: the lab is ready")
        trial.peace()
        _say(began, f"{title}: work in peace has ended; {sum(chosen.values())} faults follow")
        trial.storm(make_plan(house.rng, chosen), seconds * sum(chosen.values()) / sum(counts.values()))
        _say(began, f"{title}: the last fault is over")
        trial.calm(PATIENCE_SECONDS)
        _say(began, f"{title}: counted")
        trial.end()
    trial.outcome.seconds = time.monotonic() - began
    return trial.outcome


def planted(house: House, names: Sequence[str]) -> int:
    """Plant each defect in a lab of its own and see that the count finds it; first one without, which is clean."""
    began = time.monotonic()
    missed = _without_defect(house) if len(names) > 1 and names == list(DEFECTS) else []
    for name in names:
        found = _plant(house, name)
        if not report.tell_planted(name, DEFECTS[name].words, found, DEFECTS[name].rules):
            missed.append(name)
    right = len(names) - len(set(names) & set(missed))
    print(f"{right} of {len(names)} planted defects found in {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


def _without_defect(house: House) -> list[str]:
    """The same faults in a lab without a defect, which must be clean."""
    with house.trial("without", SMALL, 30) as trial:
        trial.peace(("quick", "paced", "slower", "long"))
        plan = dict.fromkeys(
            ("child_frozen", "child_stopped", "many_runs", "strategy_edited", "cancelled"), 1
        )
        trial.storm(make_plan(house.rng, plan), 10.0, people=1)
        trial.calm(PATIENCE_SECONDS)
        trial.end()
    clean = report.tell_planted("none", "no defect", trial.outcome.violations, ())
    return [] if clean else ["none"]


def _plant(house: House, name: str) -> list[Violation]:
    """What is wrong in a lab with a defect, which may break so much that a phase cannot end."""
    faults, found = DEFECTS[name].faults, []
    try:
        with house.trial(name, SMALL, 30, CHAOS_DEFECT=name) as trial:
            found = trial.outcome.violations
            trial.peace(("quick", "paced") if faults else ("quick", "paced", "long"), PATIENCE_SECONDS)
            if not found:
                trial.storm(make_plan(house.rng, dict.fromkeys(faults, 2)), 5.0 * len(faults), people=1)
                trial.calm(PATIENCE_SECONDS, PLANTED_SECONDS)
                trial.end()
    except (RuntimeError, AssertionError) as error:
        print(f"  {error}")
    return found


def _end(*_received: object) -> None:
    """End what was started, too, and let no second signal interrupt that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def _say(began: float, words: str) -> None:
    print(f"[{time.monotonic() - began:4.0f} s] {words}", flush=True)


if __name__ == "__main__":
    if unknown := {*SHORT_FULL, *SHORT_EMBEDDED} - set(FAULTS):
        sys.exit(f"There are no faults {unknown}.")
    sys.exit(main())
