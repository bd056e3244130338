"""One lab with everything that faults reach for, and what a fault is."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.faults.lab import Lab, until_true
from benchmarks.faults.record import Record
from benchmarks.faults.servers import Postgres, Redis, SmallDisk
from benchmarks.faults.sockets import Sockets
from benchmarks.faults.work import KINDS, Accepted, Person, Work


@dataclass
class Rig:
    """One lab with everything around it that faults reach for."""

    lab: Lab
    record: Record
    work: Work
    sockets: Sockets
    disk: SmallDisk
    rng: random.Random
    redis: Redis | None = None
    postgres: Postgres | None = None
    burst: int = 30
    broker_answers: list[tuple[bool, float]] = field(default_factory=list)
    full_disk: list[tuple[float, float]] = field(default_factory=list)
    bystanders: list[Accepted] = field(default_factory=list)

    @property
    def poisoner(self) -> Person:
        return self.work.people["poison"]

    @property
    def crowd(self) -> Person:
        return self.work.people["crowd"]

    @property
    def bystander(self) -> Person:
        return self.work.people["bystander"]

    def running(self) -> list[tuple[str, int]]:
        """Id and process of each running job that can be hit, waiting a little for one."""
        found: list[tuple[str, int]] = []

        def look() -> bool:
            rows = quietly(self.record.running) or []
            found[:] = [
                (job, int(worker.split(":")[2])) for job, worker, _title in rows if worker.count(":") == 2
            ]
            return bool(found)

        if not until_true(look, 1.0):
            self.work.submit(self.bystander, KINDS["slower"])
            until_true(look, 8.0)
        return found

    def workers(self) -> list[str]:
        """The processes that hold a pool; those that are killed and those that are frozen are not the same ones."""
        return [name for name in self.lab.services if name.startswith("worker")] or ["web"]


Release = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: what it does, on what it strikes (one at a time), and how to end it."""

    name: str
    words: str
    inject: Callable[[Rig], tuple[float, Release] | None]
    strikes: str = ""
    embedded: bool = True
    full: bool = True


def quietly(action: Callable[[], object]) -> object:
    """The answer of a database that may be away, or None."""
    try:
        return action()
    except Exception:
        return None
