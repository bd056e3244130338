"""Processes that run the cases, and the measuring of several of them in turns."""

from __future__ import annotations

import json
import math
import os
import resource
import statistics
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
GIGABYTE = 1024**3


class CaseFailed(Exception):
    """A contender could not do the work; the message says why in a few words."""


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Parameters
    ----------
    name : str
        As the table shows it.
    cases : str
        Module below `benchmarks.peers.cases`.
    python : Path
        Interpreter of its environment.
    extra : dict
        Arguments that only this contender gets, for example which engine of a library to use.
    environment : dict
        Variables of its process.
    """

    name: str
    cases: str
    python: Path
    extra: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


class Worker:
    """A running process of one contender; a context manager."""

    def __init__(self, contender: Contender, log: Path, memory_limit_gb: float = 17.0) -> None:
        self.contender = contender
        self.late = False
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                [str(contender.python), "-m", "benchmarks.peers.serve", contender.cases],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | {"PYTHONWARNINGS": "ignore", "MPLBACKEND": "agg"} | contender.environment,
            )
        limit = int(memory_limit_gb * GIGABYTE)
        # A refused allocation is an answer; a machine without memory takes everything on it down.
        resource.prlimit(self.process.pid, resource.RLIMIT_DATA, (limit, limit))

    def ask(
        self, do: str, case: str, arguments: dict[str, Any], *, timeout: float, **more: Any
    ) -> dict[str, Any]:
        """Send one request and wait for its answer; raise CaseFailed when there is none in time."""
        request = {"do": do, "case": case, "arguments": arguments | self.contender.extra, **more}
        if self.process.poll() is not None:
            raise CaseFailed("its process has ended")
        timer = threading.Timer(timeout, self._give_up)
        timer.start()
        try:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise CaseFailed(
                f"no answer within {timeout:.0f} s" if self.late else "its process ended (memory?)"
            )
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CaseFailed(answer["error"])
        return answer

    def _give_up(self) -> None:
        self.late = True
        self.process.kill()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass
class Measured:
    """What one contender needed for a case."""

    contender: Contender
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    problem: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else float("nan")


@dataclass(frozen=True)
class Effort:
    """How long to measure: `rounds` turns of up to `turn` seconds each; a contender that has used `budget`
    seconds sits the other turns out."""

    rounds: int = 9
    turn: float = 0.25
    budget: float = 8.0
    timeout: float = 300.0


def measure_in_turns(
    workers: dict[str, Worker],
    names: list[str],
    case: str,
    arguments: dict[str, Any],
    effort: Effort,
    *,
    compiled: bool = False,
) -> dict[str, Measured]:
    """Run a case once in every contender for its facts, then time them one after the other, again and again.

    With `compiled` the first run counts too where it alone takes the whole budget.
    """
    found = {name: Measured(workers[name].contender) for name in names}
    for name, measured in found.items():
        try:
            answer = workers[name].ask("facts", case, arguments, timeout=effort.timeout)
        except CaseFailed as problem:
            measured.problem = str(problem)
            continue
        measured.facts = answer["facts"]
        if compiled and answer["first_seconds"] > effort.budget:
            measured.seconds.append(answer["first_seconds"])
    for _ in range(effort.rounds):
        for name, measured in found.items():
            if not measured.problem and sum(measured.seconds) < effort.budget:
                _take_turn(workers[name], measured, case, arguments, effort)
    return found


def _take_turn(
    worker: Worker, measured: Measured, case: str, arguments: dict[str, Any], effort: Effort
) -> None:
    try:
        answer = worker.ask("time", case, arguments, timeout=effort.timeout, seconds=effort.turn, most=1000)
    except CaseFailed as problem:
        measured.problem = str(problem)
        return
    measured.seconds += answer["seconds"]


def peak_memory(
    contender: Contender, case: str, arguments: dict[str, Any], log: Path, timeout: float, runs: int = 1
) -> float:
    """Memory of a fresh process at its peak, in MB, that imports, loads the bars and does the work `runs` times.

    Each result is let go before the next run; a tool whose results hold each other in circles keeps them until
    Python collects its garbage, and that is part of what it costs.
    """
    with Worker(contender, log) as worker:
        answer = worker.ask("time", case, arguments, timeout=timeout, seconds=math.inf, most=runs)
    return float(answer["peak_mb"])
