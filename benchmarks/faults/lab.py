"""A lab under test: the commands of docker-compose.yml as processes that are started again when they end."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Container
from pathlib import Path

from algotrade.tests.e2e.processes import ROOT, Client, Deployment, command_of, members
from benchmarks.faults.limits import LEASE_SECONDS, MEMORY_MB, QUEUE_LIMIT, SWEEP_SECONDS

PLUGIN = "benchmarks.faults.plugin"
FULL = ("web", "worker1", "worker2", "beat")
EMBEDDED = ("web",)
RESTART_PAUSE = 0.3
END_SECONDS = 20.0


class Lab(Deployment):
    """One deployment and the one who starts its processes again, as `restart: unless-stopped` does.

    Parameters
    ----------
    folder : Path
        Where its logs go.
    data : Path
        Its data directory, on a disk that can be full.
    services : tuple of str
        `FULL` or `EMBEDDED`.
    """

    def __init__(self, folder: Path, data: Path, services: tuple[str, ...], **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(
            folder,
            LAB_PLUGINS=PLUGIN,
            DATA_DIR=str(data),
            JOB_LEASE_SECONDS=str(LEASE_SECONDS),
            JOB_BEAT_SECONDS="1",
            JOB_SWEEP_SECONDS=str(SWEEP_SECONDS),
            JOB_MAX_QUEUED_PER_USER=str(QUEUE_LIMIT),
            JOB_MEMORY_LIMIT_MB=str(MEMORY_MB),
            THROTTLE_USER="1000000/min",
            SECRET_KEY="for-the-chaos-suite-only-" + "x" * 40,
            **environment,
        )
        self.embedded = services == EMBEDDED
        self.services = services
        self.data = data
        self.sessions: list[int] = []
        self.restarts = 0
        self._watching = threading.Event()
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def begin(self) -> None:
        """Start all processes and keep them running; wait until the lab is ready."""
        for name in self.services:
            self._start(name)
        self.wait_until_ready(seconds=150)
        self._watching.set()
        self._keeper.start()

    def kill(self, name: str, *, tree: bool) -> None:
        """kill -9 of one process, or of it and all it has started; it is started again."""
        process = self.processes[name]
        for pid in members([process.pid]) if tree else [process.pid]:
            send(pid, signal.SIGKILL)
        until_true(lambda: process.poll() is not None, END_SECONDS)

    def restart(self, name: str) -> None:
        """Ask one to end as an operator would; it is started again. One that does not end is killed, and told of."""
        process = self.processes[name]
        process.terminate()
        if not until_true(lambda: process.poll() is not None, END_SECONDS):
            process.kill()
            raise AssertionError(f"{name} had not ended {END_SECONDS:.0f} s after it was asked to")

    def pids(self, name: str) -> list[int]:
        return members([self.processes[name].pid])

    def is_up(self, name: str, pools: Container[int]) -> bool:
        """Whether a process does its part: it answers, and its pool is among those that have taken a job."""
        process = self.processes[name]
        holds_pool = self.embedded or name.startswith("worker")
        return (
            process.poll() is None
            and (name != "web" or self.answers())
            and (not holds_pool or process.pid in pools)
        )

    def answers(self) -> bool:
        """Whether the web process answers."""
        return Client(self).call("GET", "/health")[0] == 200

    def end(self) -> list[int]:
        """Stop everything. Returns the processes of this lab that outlived their service."""
        self._watching.clear()
        if self._keeper.is_alive():
            self._keeper.join(timeout=10)
        with self._lock:
            for pid in members(self.sessions):
                send(pid, signal.SIGCONT)
            left = set(self.stop(seconds=30))
        # What an earlier, killed process left behind counts as well.
        until = time.monotonic() + 5
        while (others := members(self.sessions)) and time.monotonic() < until:
            time.sleep(0.1)
        for pid in others:
            send(pid, signal.SIGKILL)
        return sorted(left | set(others))

    def tracebacks(self) -> dict[str, int]:
        """How often each log tells of each exception."""
        found: Counter[str] = Counter()
        for path in sorted(self.folder.glob("*.log")):
            text = "\n".join(map(_exception_of, path.read_text(errors="replace").splitlines()))
            for last in re.findall(r"Traceback \(most recent.*?\n(?=\S)(\S[^\n]*)", text, re.S):
                found[f"{path.stem}: {last[:90]}"] += 1
        return found

    def _start(self, name: str) -> None:
        command = command_of(name.rstrip("0123456789"), self.port)
        if name.startswith("worker"):
            command += ["-n", f"{name}@%h"]
        self.sessions.append(self.start(name, command).pid)

    def _keep(self) -> None:
        while self._watching.is_set():
            for name in self.services:
                with self._lock:
                    if self._watching.is_set() and self.processes[name].poll() is not None:
                        self.restarts += 1
                        time.sleep(RESTART_PAUSE)
                        self._start(name)
            time.sleep(0.05)


def _exception_of(line: str) -> str:
    """The exception that a line of JSON tells of; any other line as it is."""
    if line.startswith("{"):
        with contextlib.suppress(ValueError):
            return json.loads(line).get("exception", "")
    return line


def send(pid: int, number: int) -> bool:
    """A signal to a process, if it is still there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def until_true(check: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    """Whether `check` came true within the time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(every)
    return False


def run_beside(lab: Lab, code: str, seconds: float) -> "subprocess.Popen[bytes]":
    """Python code in a process of its own with the lab's settings; counted among the lab's processes."""
    bounded = f"import signal; signal.alarm({int(seconds)})\n{code}"
    process = subprocess.Popen(
        ["python", "manage.py", "shell", "-v0", "-c", bounded],
        cwd=ROOT,
        env=lab.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    lab.sessions.append(process.pid)
    return process
