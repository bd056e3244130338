"""How fast pages, the start of a run and a run from POST to chart are: medians, reported and not asserted.

    ./dev setup && .venv/bin/python benchmarks/pages.py

Makes a lab of its own in a temporary folder, with the sample data and 1,000 results, measures pages inside this
process (server time, without network) and runs over HTTP against a real server with a warm job pool.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

RESULTS = 1000
PAGE_ROUNDS = 40
RUN_ROUNDS = 25
USER = "bench"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        os.environ |= {
            "DATA_DIR": folder,
            "READ_DOT_ENV": "false",
            "DJANGO_SETTINGS_MODULE": "algotrade.settings",
        }
        os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(folder) / "numba"))
        import django

        django.setup()
        from algotrade.tests.e2e.processes import Deployment

        with Deployment(Path(folder), THROTTLE_USER="100000/min") as lab:
            lab.run("python", "manage.py", "migrate", "--no-input", "-v", "0")
            lab.run("python", "manage.py", "load_samples")
            lab.run("python", "manage.py", "warm_up")
            daphne = [
                "daphne",
                "-v",
                "0",
                "-b",
                "127.0.0.1",
                "-p",
                str(lab.port),
                "algotrade.asgi:application",
            ]
            lab.start("web", daphne)
            lab.wait_until_ready()
            rows = measure_runs(lab)
            fill_with_results()
            rows += measure_pages()
    report(rows)


def median_ms(measure: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile of `rounds` measurements, in milliseconds, after three that do not count."""
    for _ in range(3):
        measure()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        measure()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def measure_runs(lab: Any) -> list[tuple[str, str, str, str]]:
    """Over HTTP: the answer to POST run, and from POST to everything the charts need."""
    from algotrade.tests.e2e.processes import Client
    from algotrade.tests.e2e.sockets import RoomSocket

    client = Client(lab)
    client.register(USER)
    cookie = client.open_session(USER)
    body = {"name": "Averages", "strategy_type": "ma_crossover", "symbol": "AAPL"}
    strategy = client.call("POST", "/api/strategies", body)[1]["id"]
    answers: list[float] = []

    def run() -> None:
        with RoomSocket(lab.port, "/ws/jobs/", cookie=cookie) as room:
            started = time.perf_counter()
            status, told = client.call("POST", "/api/backtests/run", {"strategy": strategy})
            answers.append((time.perf_counter() - started) * 1000)
            assert status == 202, told
            job = told["job"]["id"]
            room.messages_until(lambda said: said["id"] == job and said["state"] == "succeeded", seconds=60)
            for path in (told["url"], told["url"] + "equity", told["url"] + "trades"):
                assert client.call("GET", path)[0] == 200

    whole = median_ms(run, RUN_ROUNDS)
    answer = statistics.median(answers[3:]), statistics.quantiles(answers[3:], n=20)[-1]
    bars = client.call("GET", "/api/market-data/series?symbol=AAPL")[1]["results"][0]["bar_count"]
    return [
        ("POST /api/backtests/run/ until its answer", *_shown(answer), ""),
        (f"POST until result, curve and trades are read ({bars:,} daily bars)", *_shown(whole), ""),
    ]


def fill_with_results() -> None:
    """Copies of a real result, with all its columns, spread over the past."""
    from backtests.models import BacktestResult

    original = BacktestResult.objects.filter(status="succeeded").latest("pk")
    missing = RESULTS - BacktestResult.objects.count()
    copies = []
    for number in range(missing):
        values = {
            field.attname: getattr(original, field.attname) for field in BacktestResult._meta.concrete_fields
        }
        values |= {"id": None, "job_id": None, "created_at": original.created_at - timedelta(minutes=number)}
        values["sharpe_ratio"] = (number % 300) / 100 - 1
        copies.append(BacktestResult(**values))
    BacktestResult.objects.bulk_create(copies, batch_size=50)


def measure_pages() -> list[tuple[str, str, str, str]]:
    """Inside this process: the server's own time for a page, and how many queries it makes."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from backtests.models import BacktestResult

    browser = Client(headers={"host": "127.0.0.1"})
    browser.force_login(
        get_user_model().objects.get(username=USER), "accounts.backends.EmailOrUsernameBackend"
    )
    newest = BacktestResult.objects.filter(status="succeeded").latest("pk").pk
    rows = []
    pages = {
        "Dashboard": "/",
        "Backtests": "/backtests/",
        "One result": f"/backtests/{newest}/",
        "Its equity as JSON": f"/backtests/{newest}/equity.json",
        "Strategies": "/strategies/",
        "Data": "/data/",
        "Jobs": "/jobs/",
        "API: list of results": "/api/backtests/",
    }
    for name, path in pages.items():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200, path
            count = len(queries)
        median = median_ms(lambda path=path: browser.get(path), PAGE_ROUNDS)
        rows.append((f"{name} ({RESULTS:,} results)", *_shown(median), str(count)))
    return rows


def _shown(measured: tuple[float, float]) -> tuple[str, str]:
    return f"{measured[0]:.1f}", f"{measured[1]:.1f}"


def report(rows: list[tuple[str, str, str, str]]) -> None:
    import django
    import numba
    import numpy

    versions = f"Python {platform.python_version()}, Django {django.__version__}, numpy {numpy.__version__}, "
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")
    print(versions + f"numba {numba.__version__}; SQLite, embedded job pool\n")
    print("| measured | median ms | 95 % ms | queries |\n|---|---:|---:|---:|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
