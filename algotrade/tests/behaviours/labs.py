"""The two ways to run, started as a deployment starts them, and a person who submits jobs to them."""

import contextlib
import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from algotrade.tests.e2e.processes import Client, Deployment, command_of, eventually, members
from algotrade.tests.e2e.services import new_database, redis_url

PLUGIN = "algotrade.tests.behaviours.plugin"
TERMINAL = {"succeeded", "failed", "cancelled"}
ENVIRONMENT = {
    "LAB_PLUGINS": PLUGIN,
    "JOB_WORKERS": "2",
    "JOB_MEMORY_LIMIT_MB": "2048",
    "JOB_MAX_QUEUED_PER_USER": "8",
    "JOB_MAX_RUNNING_PER_USER": "0",
    "JOB_LEASE_SECONDS": "6",
    "JOB_BEAT_SECONDS": "1",
    "JOB_SWEEP_SECONDS": "1",
    "LIVE_PREVIEW": "false",
    "THROTTLE_USER": "100000/min",
}


class Lab:
    """One running lab. `runner` is the service whose processes do the work, and which a test may kill."""

    services: tuple[str, ...]
    runner: str

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.folder: Path = deployment.folder

    def start(self, service: str) -> None:
        self.deployment.start(service, command_of(service, self.deployment.port))

    def start_all(self) -> None:
        self.deployment.run("python", "manage.py", "migrate", "--no-input", "-v", "0", seconds=300)
        for service in self.services:
            self.start(service)
        self.deployment.wait_until_ready()

    def kill_runner(self) -> None:
        """kill -9 of the service that works, and of every process below it, in one stroke."""
        process = self.deployment.processes[self.runner]
        for pid in members([process.pid]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def restart_runner(self) -> None:
        self.start(self.runner)
        self.deployment.wait_until_ready()


class Embedded(Lab):
    """The default: one web process on SQLite that runs the jobs, too."""

    services = ("web",)
    runner = "web"


class Full(Lab):
    """PostgreSQL and Redis, a web process, a Celery worker and beat."""

    services = ("web", "worker", "beat")
    runner = "worker"


@contextlib.contextmanager
def running_lab(kind: str, folder: Path) -> Iterator[Lab]:
    """A lab of this kind; when the block ends, no process of it may be left."""
    with contextlib.ExitStack() as stack:
        environment = dict(ENVIRONMENT)
        if kind == "full":
            environment |= {
                "DATABASE_URL": stack.enter_context(new_database()),
                "REDIS_URL": redis_url(),
                "SECRET_KEY": uuid.uuid4().hex * 2,
            }
        deployment = stack.enter_context(Deployment(folder, **environment))
        lab = (Full if kind == "full" else Embedded)(deployment)
        lab.start_all()
        yield lab
        assert deployment.stop() == [], "a process outlived its service"


class Person:
    """Somebody with an account, who submits jobs and asks after them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.name = f"person{uuid.uuid4().hex[:8]}"
        self.client = Client(lab.deployment)
        self.client.register(self.name)
        self._cookie = ""

    @property
    def cookie(self) -> str:
        """What opens sockets."""
        self._cookie = self._cookie or self.client.open_session(self.name)
        return self._cookie

    def ask(self, kind: str, *, nudges: int = 1, **payload: Any) -> tuple[int, Any]:
        body = {"kind": kind, "nudges": nudges, "payload": payload}
        return self.client.call("POST", "/api/test-jobs/", body)

    def submit(self, kind: str, *, nudges: int = 1, **payload: Any) -> str:
        status, answer = self.ask(kind, nudges=nudges, **payload)
        assert status == 202, answer
        return str(answer["id"])

    def job(self, job: str) -> dict[str, Any]:
        status, answer = self.client.call("GET", f"/api/jobs/{job}/")
        assert status == 200, answer
        return dict(answer)

    def post(self, job: str, verb: str) -> tuple[int, Any]:
        return self.client.call("POST", f"/api/jobs/{job}/{verb}/")

    def when(self, job: str, *states: str, seconds: float = 40) -> dict[str, Any]:
        """The job, as soon as it is in one of these states."""

        def look() -> dict[str, Any] | None:
            row = self.job(job)
            assert row["state"] in states or row["state"] not in TERMINAL, row
            return row if row["state"] in states else None

        return dict(eventually(look, seconds=seconds, what=f"{job} to be {states}", every=0.05))

    def process_of(self, job: str) -> int:
        """The process that a running job has told of."""
        told = eventually(lambda: self.job(job)["message"], seconds=20, what="the job's process", every=0.05)
        return int(told.split()[-1])


@contextlib.contextmanager
def places_taken(lab: Lab) -> Iterator[list[str]]:
    """Both places of the lab hold a job of somebody else while the block runs; then they are set free."""
    somebody = Person(lab)
    held = [somebody.submit("steps", seconds=90) for _ in range(2)]
    for job in held:
        somebody.when(job, "running")
    try:
        yield held
    finally:
        for job in held:
            somebody.post(job, "cancel")
        for job in held:
            somebody.when(job, "cancelled")


def is_gone(pid: int, *, seconds: float = 5) -> bool:
    """Whether a process has ended, within this time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
