"""A place of a pool: one job process, what it is doing, and the two ends of the pipe between it and the pool."""

import contextlib
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings

from algotrade.jobs import child

_BUSY_JOIN_SECONDS = 0.05

_processes = multiprocessing.get_context("spawn")


@dataclass(eq=False)
class Place:
    """One child process. A `reserved` place is for short jobs; `worker` is its name in the rows of what it runs."""

    process: Any
    pipe: Connection
    worker: str
    reserved: bool = False
    state: str = "starting"
    job_id: str = ""
    fence: int = 0
    jobless_since: float | None = None

    @classmethod
    def started(cls, pool: str, *, reserved: bool) -> "Place":
        """A place with a process that has just been started, of the pool of this name."""
        ours, theirs = _processes.Pipe()
        process = _processes.Process(
            target=child.main,
            args=(theirs, pool, settings.JOB_MEMORY_LIMIT_MB, reserved),
            name="job",
            daemon=True,
        )
        process.start()
        theirs.close()
        return cls(process, ours, f"{pool}:{process.pid}", reserved)

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """What the process has said since; none from one that has died in the middle of it."""
        try:
            while self.pipe.poll():
                yield self.pipe.recv()
        except (EOFError, OSError):
            return

    def order_run(self) -> None:
        """Have it claim a job."""
        self.state, self.jobless_since = "busy", time.monotonic()
        with contextlib.suppress(OSError):  # a child that has just died is buried in this same round
            self.pipe.send("run")

    def order_stop(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send("stop")

    def hold(self, job_id: str, fence: int) -> None:
        """It has claimed this job."""
        self.job_id, self.fence, self.jobless_since = job_id, fence, None

    def rest(self, *, worn: bool = False) -> None:
        """It waits for an order, or ends by itself because it is worn."""
        self.state, self.job_id, self.jobless_since = "worn" if worn else "idle", "", None

    def has_been_without_a_job(self, seconds: float) -> bool:
        """Whether it has been busy, without a job that is its own, since this was first asked so many seconds ago.

        To be asked while it holds none. It may be frozen, which loses the lease and not the place: without this a
        pool of frozen processes runs nothing.
        """
        if self.state != "busy":
            return False
        now = time.monotonic()
        if self.jobless_since is None:
            self.jobless_since = now
        return now - self.jobless_since > seconds

    def kill(self) -> None:
        self.process.kill()
        self.job_id = ""

    def end(self, until: float) -> None:
        """Wait until then for an idle process to end, and kill whichever does not."""
        idle = self.state == "idle"
        self.process.join(timeout=max(0.0, until - time.monotonic()) if idle else _BUSY_JOIN_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def close(self) -> None:
        """It has died: free what belongs to it."""
        self.pipe.close()
        self.process.join()
