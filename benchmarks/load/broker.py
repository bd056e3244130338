"""Redis away: submitting is answered at once, and the jobs start soon after it is back."""

import time

from algotrade.tests.e2e.processes import Client, eventually
from benchmarks.load import work
from benchmarks.load.house import House
from benchmarks.load.report import Row, Rows

RUNS = 20
ANSWER_GOAL, START_GOAL = 1.0, 15.0
NOT_STARTED = "SELECT count(*) FROM jobs_job WHERE started_at IS NULL"


def measure(house: House, *, short: bool) -> list[Row]:
    work.ready(house)
    client = Client(house.lab)
    client.register("patient")
    number = work.strategy(client, 0.05)
    rows: list[Row] = []
    ways = {
        "Redis killed": (house.redis.kill, house.redis.start),
        "Redis hangs": (house.redis.freeze, house.redis.thaw),
    }
    for words, (away, back) in ways.items():
        away()
        answers = [work.run(client, number) for _run in range(5 if short else RUNS)]
        back()
        returned = time.monotonic()
        eventually(lambda: house.ask(NOT_STARTED)[0][0] == 0, seconds=90, what="all jobs to start")
        started = time.monotonic() - returned
        urls = [answer["url"] for status, answer, _s in answers if status == 202]
        for url in urls:
            eventually(
                lambda url=url: client.call("GET", url)[1]["status"] == "succeeded",
                seconds=60,
                what="its end",
            )
        slowest = max(seconds for _status, _answer, seconds in answers)
        statuses = sorted({status for status, _answer, _s in answers})
        what = f"{words}, {len(answers)} runs submitted, {house.server}"
        found = Rows(what)
        found.hold("answers", ", ".join(map(str, statuses)), "202", statuses == [202])
        goal = f"<= {ANSWER_GOAL:.0f} s"
        found.hold("slowest answer", f"{slowest * 1000:.0f} ms", goal, slowest <= ANSWER_GOAL)
        goal = f"<= {START_GOAL:.0f} s"
        found.hold("all started after it was back", f"{started:.1f} s", goal, started <= START_GOAL)
        rows += found
    return rows
