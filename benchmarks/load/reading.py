"""Pages for 50 clients at once, of a user with 100,000 results, from one web process."""

import http.client
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from algotrade.tests.e2e.processes import Client, eventually
from benchmarks.load import work
from benchmarks.load.house import House
from benchmarks.load.report import Row

RESULTS, CLIENTS, SECONDS = 100_000, 50, 15.0
CHANGED = {
    "id": None,
    "job_id": "NULL",
    "created_at": "created_at - n * interval '7 minutes'",
    "sharpe_ratio": "(n % 300) / 100.0 - 1",
    "total_return": "(n % 997) / 1000.0 - 0.3",
}


def measure(house: House, *, short: bool) -> list[Row]:
    work.ready(house)
    client = Client(house.lab)
    client.register("reader")
    cookie = client.open_session("reader")
    url = work.run(client, work.strategy(client, 0.0))[1]["url"]
    eventually(
        lambda: client.call("GET", url)[1]["status"] == "succeeded", seconds=120, what="the first result"
    )
    number = int(url.rstrip("/").rsplit("/", 1)[1])
    fill(house, number, 5_000 if short else RESULTS)
    count = int(str(house.ask("SELECT count(*) FROM backtests_backtestresult")[0][0]))
    pages = {
        "dashboard": "/",
        "list of results": "/backtests/",
        "one result": f"/backtests/{number}/",
        "its curve as JSON": f"/backtests/{number}/equity.json",
        "list, over the API": "/api/backtests/",
    }
    rows = []
    for name, path in pages.items():
        times, statuses, took = visit(house, path, cookie, 5.0 if short else SECONDS)
        assert set(statuses) == {200}, (path, statuses)
        half, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        figures = f"{half * 1000:.0f} / {high * 1000:.0f} ms; {len(times) / took:.0f} requests a second"
        what = f"{CLIENTS} clients at once, {count:,} results of the user, {house.server}"
        rows.append(Row(what, f"{name}: half / 95 %", figures))
    return [*rows, Row(what, "memory of the web process", f"{house.web_megabytes():.0f} MB")]


def fill(house: House, number: int, count: int) -> None:
    """Copies of one result with all its columns, spread over the past."""
    table = "backtests_backtestresult"
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
    columns = [str(name) for (name,) in house.ask(query, [table]) if name != "id"]
    values = ", ".join(CHANGED.get(name) or f'"{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    step = 5_000
    for first in range(0, count - 1, step):
        last = min(first + step, count - 1)
        house.ask(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series({first + 1}, {last}) n "  # noqa: S608
            f"WHERE id = {number} RETURNING 1"
        )
    house.do("VACUUM ANALYZE")


def visit(house: House, path: str, cookie: str, seconds: float) -> tuple[list[float], Counter[int], float]:
    """Each client asks again as soon as it has its answer."""
    begin = threading.Barrier(CLIENTS + 1)
    until = [0.0]

    def one(_number: int) -> list[tuple[float, int]]:
        line = http.client.HTTPConnection("127.0.0.1", house.lab.port, timeout=60)
        line.request("GET", path, headers={"Cookie": cookie})
        line.getresponse().read()
        begin.wait()
        found = []
        while time.perf_counter() < until[0]:
            started = time.perf_counter()
            line.request("GET", path, headers={"Cookie": cookie})
            answer = line.getresponse()
            answer.read()
            found.append((time.perf_counter() - started, answer.status))
        line.close()
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        waiting = [pool.submit(one, number) for number in range(CLIENTS)]
        until[0] = time.perf_counter() + seconds + 30.0
        begin.wait()
        started = time.perf_counter()
        until[0] = started + seconds
        found = [pair for future in waiting for pair in future.result()]
        took = time.perf_counter() - started
    return [seconds for seconds, _status in found], Counter(status for _seconds, status in found), took
