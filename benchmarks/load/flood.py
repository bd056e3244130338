"""1,000 runs submitted at once by one user: none over quota, and another user's run starts within 15 seconds."""

import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from algotrade.tests.e2e.processes import Client, eventually
from benchmarks.load import work
from benchmarks.load.house import House
from benchmarks.load.report import Row, Rows

RUNS, AT_ONCE = 1000, 20
START_GOAL = 15.0
PLACES = 2
COUNT = (
    "SELECT state, count(*) FROM jobs_job JOIN accounts_user u ON u.id = owner_id WHERE u.username = 'many' "
    "AND state IN ('queued', 'running') GROUP BY state"
)
STARTED = "SELECT started_at - created_at FROM jobs_job WHERE id = %s AND started_at IS NOT NULL"


def measure(house: House, *, short: bool) -> list[Row]:
    runs = 400 if short else RUNS
    limit = int(house.lab.environment.get("JOB_MAX_QUEUED_PER_USER", "200"))
    work.ready(house)
    many, other = Client(house.lab), Client(house.lab)
    many.register("many")
    other.register("other")
    theirs = work.strategy(many, 1.0)
    mine = work.strategy(other, 0.1)
    most: Counter[str] = Counter()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for state, count in house.ask(COUNT):
                most[str(state)] = max(most[str(state)], int(str(count)))
            time.sleep(0.02)

    beside = ThreadPoolExecutor(1)
    watching = beside.submit(watch)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begun = time.perf_counter()
            answers = list(pool.map(lambda _n: work.run(work.again(many), theirs), range(runs)))
            took = time.perf_counter() - begun
        status, answer, _seconds = work.run(other, mine)
        assert status == 202, answer
        job = answer["job"]["id"]
        waited = eventually(lambda: house.ask(STARTED, [job]), seconds=90, what="the other's run to start")
        begins = waited[0][0].total_seconds()
    finally:
        ended.set()
        beside.shutdown()
    watching.result()  # one that died has seen nothing, and nothing keeps every limit
    statuses = Counter(status for status, _answer, _seconds in answers)
    times = sorted(seconds for _status, _answer, seconds in answers)
    said = {str(answer)[:80] for status, answer, _s in answers if status not in {202, 429}}
    if said:
        errors = [line for line in house.lab.log("web").splitlines() if '"ERROR"' in line]
        print("\n".join(errors[-5:]), file=sys.stderr)
    what = f"{runs:,} runs of one user at once ({AT_ONCE} clients), one worker with 2 places, {house.server}"
    found = Rows(what)
    counted = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    found.hold("answers", "; ".join([counted, *sorted(said)]), "202 or 429", not said)
    hold_most(found, "waiting", most["queued"], limit)
    hold_most(found, "running", most["running"], PLACES)
    half, high, longest = (times[place] * 1000 for place in (len(times) // 2, len(times) * 95 // 100, -1))
    speed = f"{half:.0f} / {high:.0f} / {longest:.0f} ms; {runs / took:.0f} a second"
    found.tell("time to answer, half / 95 % / longest", speed)
    goal = f"<= {START_GOAL:.0f} s"
    found.hold("another user's run started after", f"{begins:.1f} s", goal, begins <= START_GOAL)
    return found


def hold_most(found: Rows, words: str, most: int, limit: int) -> None:
    """The most that was seen beside its limit; none at all means that nobody looked."""
    found.hold(f"most {words} at any moment", str(most), f"1 to {limit}", 0 < most <= limit)
