"""One lab with everything that faults reach for, and what a fault is."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.faults.lab import Lab, send, until_true
from benchmarks.faults.record import Record
from benchmarks.faults.servers import Postgres, Redis, SmallDisk
from benchmarks.faults.sockets import Sockets
from benchmarks.faults.work import KINDS, Accepted, Person, Work

BEGIN_SECONDS = 30.0


class Missed(Exception):
    """There was nothing to strike, so this fault is still to come."""


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
    beside_many: list[Accepted] = field(default_factory=list)

    @property
    def crowd(self) -> Person:
        return self.work.people["crowd"]

    @property
    def bystander(self) -> Person:
        """Who submits what faults need to strike at."""
        return self.work.people["bystander"]

    @property
    def meddler(self) -> Person:
        """Who changes their mind about one run at a time."""
        return self.work.people["meddler"]

    @property
    def loner(self) -> Person:
        """Who has no more than one run, beside the many of the crowd."""
        return self.work.people["loner"]

    @property
    def patient(self) -> Person:
        """Who submits while there is no broker, and nothing else: a full queue would refuse it as well."""
        return self.work.people["patient"]

    def running(self) -> list[int]:
        """The processes of running jobs, waiting a little for one."""
        found: list[int] = []

        def look() -> bool:
            workers = [
                worker for _job, worker in quietly(self.record.running) or [] if worker.count(":") == 2
            ]
            found[:] = [pid for worker in workers if send(pid := int(worker.split(":")[2]), 0)]
            return bool(found)

        if not until_true(look, 1.0):
            self.work.submit(self.bystander, KINDS["slower"])
            until_true(look, 8.0)
        return found

    def begin(self, kind: str, strategy: int | None = None) -> Accepted:
        """A run of the meddler's that is seen running; one that does not begin in time leaves the queue."""
        taken = self.work.submit(self.meddler, KINDS[kind], strategy=strategy)
        if taken is None:
            raise Missed("nobody took it")

        def look() -> bool:
            return taken.job in {job for job, _worker in quietly(self.record.running) or []}

        if not until_true(look, BEGIN_SECONDS):
            self.work.cancel(self.meddler, taken)
            raise Missed("it did not begin")
        return taken


Release = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: what it does, and on which places it strikes, each of which suffers from one at a time.

    `inject` returns after how many seconds to end it, and how; or it raises `Missed`.
    """

    name: str
    words: str
    inject: Callable[[Rig], tuple[float, Release] | None]
    strikes: tuple[str, ...] = ()


def quietly(action: Callable[[], object]) -> object:
    """The answer of a database that may be away, or None."""
    try:
        return action()
    except Exception:
        return None
