"""How fast a chart of 1,000,000 bars is: whole HTTP requests against a real server, reported and not asserted.

    ./dev setup && .venv/bin/python benchmarks/charts.py [bars]

Makes a lab of its own in a temporary folder (`DATABASE_URL` names another database for it, an empty one), puts minutes
into a series, starts the web process and asks for candles: first while that process has not verified the file's bytes,
then warm, whole and zoomed in. Each answer is compared with the highest and the lowest price of its period. How fast
bars are put together into a longer timeframe, and in how much memory, is measured beside it.
"""

import http.client
import json
import os
import resource
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

BARS = 1_000_000
ROUNDS = 40
USER = "bench"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else BARS
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        os.environ |= {"DATA_DIR": folder, "READ_DOT_ENV": "false"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "algotrade.settings"
        import django

        django.setup()
        from algotrade.tests.e2e.processes import Client, Deployment

        more = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if name in os.environ}
        with Deployment(Path(folder), THROTTLE_USER="100000/min", **more) as lab:
            lab.run("python", "manage.py", "migrate", "--no-input", "-v", "0")
            command = ["daphne", "-v", "0", "-b", "127.0.0.1", "-p"]
            lab.start("web", [*command, str(lab.port), "algotrade.asgi:application"])
            lab.wait_until_ready()
            client = Client(lab)
            client.register(USER)
            series, bars = fill(count)
            rows = measure_charts(lab.port, client.open_session(USER), series, bars)
        report(rows, measure_resampling(bars))


def fill(count: int) -> tuple[int, Any]:
    """Minutes of New York's sessions, a random walk, in a series of the user."""
    import numpy as np
    from django.contrib.auth import get_user_model

    from marketdata.bars import Bars
    from marketdata.models import Series
    from marketdata.services import import_bars

    time_ = minutes_of_sessions(count)
    random = np.random.default_rng(7)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.0004, count)))
    reach = 1.0 + np.abs(random.normal(0.0, 0.0003, (2, count)))
    volume = random.integers(1, 10_000, count).astype(float)
    bars = Bars(time_, close, close * reach[0], close / reach[1], close, volume)
    owner = get_user_model().objects.get(username=USER)
    series = Series.objects.create(
        user=owner, symbol="LONG", timeframe="1m", source="csv", calendar="exchange"
    )
    import_bars(series=series, bars=bars)
    return series.pk, bars


def minutes_of_sessions(count: int) -> Any:
    """The last `count` minutes in which New York traded before 2026."""
    import numpy as np

    from marketdata.sessions import sessions_between

    years = count // 95_000 + 2
    sessions = sessions_between("XNYS", np.datetime64(f"{2026 - years}-01-01"), np.datetime64("2025-12-31"))
    assert sessions is not None
    minute = np.timedelta64(1, "m")
    spans = zip(sessions.open, sessions.close, strict=True)
    return np.concatenate([np.arange(start, end, minute) for start, end in spans])[-count:]


def measure_charts(port: int, cookie: str, series: int, bars: Any) -> list[tuple[str, ...]]:
    """Requests over one connection that is kept, as a browser does."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask(query: str = "") -> bytes:
        connection.request("GET", f"/data/{series}/chart.json{query}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body

    def check(query: str, period: Any) -> tuple[int, int]:
        told = json.loads(ask(query))
        drawn = told["bars"]
        assert len(drawn) <= 2_000
        assert max(row[2] for row in drawn) == period.high.max()
        assert min(row[3] for row in drawn) == period.low.min()
        assert (drawn[0][1], drawn[-1][4]) == (period.open[0], period.close[-1])
        assert told["total"] == len(period)
        return len(period), len(drawn)

    rows = []
    started = time.perf_counter()
    ask()
    rows.append(("The first chart in a web process (its bytes verified)", *_single(started), "", ""))
    middle, late = str(bars.time[len(bars) // 2])[:10], str(bars.time[-len(bars) // 100])[:10]
    for name, query, period in (
        ("All bars", "", bars),
        ("The second half", f"?start={middle}", bars.slice(middle)),
        ("The last hundredth", f"?start={late}", bars.slice(late)),
    ):
        total, drawn = check(query, period)
        rows.append((f"{name}, warm", *_median(lambda query=query: ask(query)), f"{total:,}", f"{drawn:,}"))
    connection.close()
    return rows


def measure_resampling(bars: Any) -> list[tuple[str, ...]]:
    """Minutes into longer bars, in this process: the best of several, and the memory that blocks need."""
    from marketdata.columns import BarsColumns, ColumnFiles
    from marketdata.resample import resample, resample_columns

    rows = []
    for calendar in (None, "XNYS"):
        for timeframe in ("5m", "1h", "1d", "1w"):
            how: dict[str, Any] = {"source_timeframe": "1m", "calendar": calendar}
            made = len(resample(bars, timeframe, **how))
            best = min(
                _timed(lambda timeframe=timeframe, how=how: resample(bars, timeframe, **how))
                for _ in range(7)
            )
            rows.append((f"1m to {timeframe}, {calendar or 'UTC'}", f"{best:.1f}", f"{made:,}", ""))
    with ColumnFiles() as into:
        tracemalloc.start()
        started = time.perf_counter()
        resample_columns(BarsColumns(bars), into, "1h", source_timeframe="1m", calendar="XNYS")
        spent = (time.perf_counter() - started) * 1000
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        rows.append(
            ("1m to 1h, XNYS, in blocks, onto the disk", f"{spent:.1f}", f"{len(into):,}", f"{peak:.0f}")
        )
    return rows


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _single(started: float) -> tuple[str, str]:
    return f"{(time.perf_counter() - started) * 1000:.1f}", ""


def _median(work: Callable[[], Any]) -> tuple[str, str]:
    times = [_timed(work) for _ in range(ROUNDS + 3)][3:]
    return f"{statistics.median(times):.1f}", f"{statistics.quantiles(times, n=20)[-1]:.1f}"


def report(charts: list[tuple[str, ...]], resampling: list[tuple[str, ...]]) -> None:
    from django.db import connection

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{connection.vendor}; load {os.getloadavg()[0]:.1f}; this process at most {peak:.0f} MiB\n")
    print("| chart over HTTP | median ms | 95 % ms | bars | points |\n|---|---:|---:|---:|---:|")
    for row in charts:
        print("| " + " | ".join(row) + " |")
    print("\n| resampling | ms | bars made | MiB in blocks |\n|---|---:|---:|---:|")
    for row in resampling:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
