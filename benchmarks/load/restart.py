"""The web process is killed and started again while 200 sockets follow running jobs."""

import asyncio
import os
import signal
import time
from typing import Any

from algotrade.tests.e2e.processes import Client
from benchmarks.load import work
from benchmarks.load.house import House
from benchmarks.load.listening import Listener
from benchmarks.load.report import Row, Rows

SOCKETS, ROOMS = 200, 20
PLACES = 2
GOAL = 15.0


def measure(house: House, *, short: bool) -> list[Row]:
    work.ready(house)
    client = Client(house.lab)
    client.register("faithful")
    cookie = client.open_session("faithful")
    # The first two keep both places of the worker busy until the web process has gone, so that no job ends before.
    lasting, brief = work.strategy(client, 15.0), work.strategy(client, 1.0)
    submitted = [work.run(client, lasting if room < PLACES else brief)[1] for room in range(ROOMS)]
    jobs = [answer["job"]["id"] for answer in submitted]
    listeners = [Listener(house.lab.port, jobs[place % ROOMS], cookie) for place in range(SOCKETS)]
    killed, up = asyncio.run(_follow(house, listeners))
    back = [next((at for at in one.snapshots if at > killed), None) for one in listeners]
    resynced = [at - killed for at in back if at is not None]
    before = sum(at is None and bool(one.ended_as) for at, one in zip(back, listeners, strict=True))
    missing = sum(not one.ended_as for one in listeners)
    states = {client.call("GET", answer["url"])[1]["status"] for answer in submitted}
    slowest = max(resynced, default=0.0)
    what = f"web process killed (-9) and started with {SOCKETS} open sockets, {ROOMS} jobs, {house.server}"
    found = Rows(what)
    found.tell("web process answers again after", f"{up:.1f} s")
    all_back = len(resynced) + before == SOCKETS
    figure = f"{len(resynced)} of {SOCKETS - before}; slowest {slowest:.1f} s"
    found.hold("resynced", figure, f"all in {GOAL:.0f} s", all_back and slowest <= GOAL)
    found.hold("sockets that missed the end", str(missing), "0", missing == 0)
    found.hold("jobs ended", f"{len(jobs)}, all {', '.join(states)}", "succeeded", states == {"succeeded"})
    return found


async def _follow(house: House, listeners: list[Listener]) -> tuple[float, float]:
    def heard(message: dict[str, Any]) -> None:
        pass

    tasks = []
    for one in listeners:
        tasks.append(asyncio.create_task(one.follow(heard)))
        await asyncio.sleep(0.02)
    until = time.monotonic() + 60
    while not all(one.opened for one in listeners):
        assert time.monotonic() < until, "not all sockets opened"
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    killed = time.monotonic()
    process = house.lab.processes["web"]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    house.start_web()
    client = Client(house.lab)
    up = None
    while up is None and time.monotonic() < killed + 60:
        try:
            up = await asyncio.to_thread(lambda: client.call("GET", "/health")[0] == 200 or None)
        except OSError:
            await asyncio.sleep(0.1)
    answered = time.monotonic() - killed
    await asyncio.wait(tasks, timeout=120)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return killed, answered
