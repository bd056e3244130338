"""500 sockets in 50 rooms at 2 messages a second on one web process; in turn without and with 50 that never read."""

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from algotrade.tests.e2e.processes import ROOT, Client
from algotrade.tests.e2e.sockets import open_deaf
from benchmarks.load.house import House
from benchmarks.load.listening import Listener
from benchmarks.load.report import Row, Rows

ROOMS, SOCKETS, DEAF, RATE = 50, 500, 50, 2
TOGETHER, TRIES = 10, 8
PAIRS, PAIR_SECONDS = 3, 20
LONGEST_WAIT = 30.0
SETTLED = 10  # seconds, and looks at the memory
GOAL_MS, GOAL_RATIO, GOAL_MB = 400.0, 1.25, 40
MAKE_JOBS = """
import sys, django; django.setup()
from datetime import timedelta
from django.utils import timezone
from django.contrib.auth import get_user_model
from algotrade.jobs.kinds import kinds
from algotrade.jobs.models import Job
later = timezone.now() + timedelta(hours=5)
owner = get_user_model().objects.get(username=sys.argv[1])
for number in range(int(sys.argv[2])):
    job = Job.objects.create(owner=owner, kind=kinds()[0].name, title="A room", state="running", attempt=1,
                             lease_until=later, deadline_at=later, started_at=timezone.now())
    print(job.pk)
"""


@dataclass
class Round:
    """What one round showed."""

    delays: list[float] = field(default_factory=list)
    ends: int = 0
    sent: int = 0
    late: float = 0.0
    opened_in: float = 0.0
    memory: list[float] = field(default_factory=list)
    busy: float = 0.0

    @classmethod
    def together(cls, rounds: "Iterable[Round]") -> "Round":
        """The delays, ends and memory of several rounds, and how late the publisher was at most."""
        found = cls()
        for one in rounds:
            found.delays += one.delays
            found.ends += one.ends
            found.memory += one.memory
            found.late = max(found.late, one.late)
        return found

    def growth(self) -> float:
        """Megabytes that the web process took at most beyond those after the first seconds."""
        first = min(SETTLED, len(self.memory) - 1)
        return max(self.memory[first:]) - self.memory[first]

    def milliseconds(self, share: int) -> float:
        return statistics.quantiles(self.delays, n=100)[share - 1] * 1000


def measure(house: House, *, short: bool) -> list[Row]:
    """Both rounds, on a web process that has been started for each."""
    seconds = 20 if short else 120
    house.start_web()
    _until_it_answers(house)
    client = Client(house.lab)
    client.register("listener")
    cookie = client.open_session("listener")
    environment = {**house.lab.environment, "DJANGO_SETTINGS_MODULE": "algotrade.settings"}
    alone = _round(house, environment, cookie, deaf=0, seconds=seconds)
    pairs = [
        tuple(_round(house, environment, cookie, deaf=deaf, seconds=PAIR_SECONDS) for deaf in (0, DEAF))
        for _pair in range(1 if short else PAIRS)
    ]
    without, beside = (Round.together(rounds) for rounds in zip(*pairs, strict=True))
    ratio = beside.milliseconds(95) / without.milliseconds(95)
    what = f"{SOCKETS} sockets, {ROOMS} rooms, {RATE} messages a second, {seconds} s, {house.server}"
    found = Rows(what)
    found.tell("delivered", f"{len(alone.delays):,} of {alone.sent * SOCKETS // ROOMS:,}")
    found.tell("publisher late by at most", f"{alone.late * 1000:.0f} ms")
    found.hold("ends heard", f"{alone.ends} of {SOCKETS}", "all", alone.ends == SOCKETS)
    soon = alone.milliseconds(95) <= GOAL_MS
    found.hold("delay, half / 95 % / 99 %", _three(alone), f"95 % <= {GOAL_MS:.0f} ms", soon)
    found.tell("all opened in", f"{alone.opened_in:.1f} s")
    goal = f"bounded: < {GOAL_MB} MB after the first {SETTLED} s"
    found.hold("memory of the web process: open, most, end", _memory(alone), goal, alone.growth() < GOAL_MB)
    found.tell("processor of the web process", f"{alone.busy:.0%} of a core")
    second = Rows(
        f"the same for {len(pairs)} x {PAIR_SECONDS} s, without and with {DEAF} sockets that never read, in turn"
    )
    everybody = SOCKETS * len(pairs)
    second.hold("ends heard beside them", f"{beside.ends} of {everybody}", "all", beside.ends == everybody)
    figure = f"without {_three(without)}, beside them {_three(beside)}; 95 % is {ratio:.2f}x"
    second.hold("delay, half / 95 % / 99 %", figure, f"<= {GOAL_RATIO}x", ratio <= GOAL_RATIO)
    second.tell("publisher late by at most", f"{max(without.late, beside.late) * 1000:.0f} ms")
    second.tell("memory: open, most, end", _memory(beside))
    return [*found, *second]


def _memory(round_: Round) -> str:
    return f"{round_.memory[0]:.0f}, {max(round_.memory):.0f}, {round_.memory[-1]:.0f} MB"


def _three(round_: Round) -> str:
    return " / ".join(f"{round_.milliseconds(share):.0f}" for share in (50, 95, 99)) + " ms"


def _until_it_answers(house: House) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if Client(house.lab).call("GET", "/health")[0] == 200:
                return
        time.sleep(0.2)
    raise AssertionError(f"The web process does not answer:\n{house.lab.log('web')}")


def _round(house: House, environment: dict[str, str], cookie: str, *, deaf: int, seconds: int) -> Round:
    words = [sys.executable, "-c", MAKE_JOBS, "listener", str(ROOMS)]
    made = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    jobs = made.stdout.split()
    unread = [
        open_deaf(house.lab.port, f"/ws/jobs/{jobs[number % ROOMS]}/", cookie) for number in range(deaf)
    ]
    try:
        return asyncio.run(_listen(house, environment, cookie, jobs, seconds))
    finally:
        for one in unread:
            one.close()


async def _opened(one: Listener) -> None:
    """A browser tries again, too."""
    for _try in range(TRIES):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            await one.open()
            return
        await asyncio.sleep(1.0)
    raise AssertionError(f"A socket was refused {TRIES} times")


async def _listen(
    house: House, environment: dict[str, str], cookie: str, jobs: list[str], seconds: int
) -> Round:
    found = Round()
    listeners = [Listener(house.lab.port, jobs[number % ROOMS], cookie) for number in range(SOCKETS)]
    started = time.monotonic()
    for first in range(0, SOCKETS, TOGETHER):
        await asyncio.gather(*(_opened(one) for one in listeners[first : first + TOGETHER]))
    found.opened_in = time.monotonic() - started

    def heard(message: dict[str, Any]) -> None:
        if message["message"]:
            found.delays.append(time.monotonic() - float(message["message"]))

    tasks = [asyncio.create_task(one.listen(heard)) for one in listeners]
    words = [sys.executable, "-m", "benchmarks.load.publisher"]
    pipe = asyncio.subprocess.PIPE
    publisher = await asyncio.create_subprocess_exec(
        *words, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe
    )
    order = json.dumps({"jobs": jobs, "rate": RATE, "seconds": seconds}) + "\n"
    used = house.web_seconds()
    begun = time.monotonic()
    telling = asyncio.create_task(publisher.communicate(order.encode()))
    while not telling.done():
        found.memory.append(house.web_megabytes())
        await asyncio.sleep(1.0)
    found.busy = (house.web_seconds() - used) / (time.monotonic() - begun)
    told = json.loads(telling.result()[0])
    found.sent, found.late = told["sent"], told["late"]
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until and not all(one.ended_as for one in listeners):
        await asyncio.sleep(0.2)
    found.ends = sum(one.ended_as == "succeeded" for one in listeners)
    for one in listeners:
        if one.line is not None:
            one.line.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    return found
