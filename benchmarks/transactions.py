"""How long others wait: the longest write transaction while bars are imported, replaced and deleted.

    .venv/bin/python benchmarks/transactions.py                    # --rows 1000000, --only sqlite

A series is imported, the bars between its first and its last are replaced by others, and it is deleted, in a fresh
database. Beside them a second process changes one row of another series a hundred times a second. Told are the seconds
of each step, its longest transaction, and the longest time that the second process needed for its row. PostgreSQL is
taken from LAB_BENCH_POSTGRES_URL and left out when missing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
BESIDE_SECONDS = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["postgresql", "sqlite"])
    parser.add_argument("--part", choices=["steps", "beside"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part == "steps":
        steps(given.rows)
    elif given.part == "beside":
        beside()
    else:
        print(f"{given.rows:,} bars; seconds")
        for title, measure in (("sqlite", on_sqlite), ("postgresql", on_postgresql)):
            if given.only in (None, title):
                measure(given.rows)


def on_sqlite(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="lab-transactions-") as name:
        run(f"sqlite:///{name}/lab.sqlite3", Path(name), rows, "SQLite")


def on_postgresql(rows: int) -> None:
    server = os.environ.get("LAB_BENCH_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")
    name = f"lab_transactions_{os.getpid()}"
    if subprocess.run(["psql", "-q", server, "-c", f"CREATE DATABASE {name}"], check=False).returncode:
        print("PostgreSQL: left out, there is no server or no psql")
        return
    try:
        with tempfile.TemporaryDirectory(prefix="lab-transactions-") as folder:
            run(urlsplit(server)._replace(path=f"/{name}").geturl(), Path(folder), rows, "PostgreSQL")
    finally:
        subprocess.run(["psql", "-q", server, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True)


def run(database: str, folder: Path, rows: int, title: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": database,
        "DATA_DIR": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "algotrade.settings",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    print(title, flush=True)
    words = [sys.executable, __file__, "--part", "steps", "--rows", str(rows)]
    subprocess.run(words, cwd=ROOT, env=environment, check=True)


def steps(rows: int) -> None:
    """Import, replace, delete; each is told on a line."""
    import django

    django.setup()
    import numpy as np

    from accounts.models import User
    from marketdata.bars import Bars
    from marketdata.models import Series
    from marketdata.services import delete_series, import_bars
    from marketdata.store.leftovers import discard_left_behind

    user = User.objects.create(username="bench", email="bench@localhost")
    kind = {"user": user, "timeframe": "1m", "source": "csv", "calendar": "24/7"}
    Series.objects.create(symbol="OTHER", **kind)
    series = Series.objects.create(symbol="BENCH", **kind)
    close = 100.0 + np.sin(np.arange(rows) / 1000.0)

    def bars(first: int, after: int, price: float) -> Bars:
        time_ = np.datetime64("2000-01-01T00:00", "ns") + np.arange(first, after) * np.timedelta64(60, "s")
        level = close[first:after] + price
        volume = np.ones(after - first)
        return Bars(time=time_, open=level, high=level, low=level, close=level, volume=volume)

    longest = watched_transactions()
    with second_process() as ask:
        for title, work in (
            ("import", lambda: import_bars(series=series, bars=bars(0, rows, 0.0))),
            ("replace", lambda: import_bars(series=series, bars=bars(1, rows - 1, 5.0))),
            ("delete", lambda: delete_series(series)),
            ("rows of the deleted", discard_left_behind),
        ):
            longest.clear()
            ask()
            began = time.perf_counter()
            work()
            seconds = time.perf_counter() - began
            most = max(longest, default=0.0)
            print(f"  {title}: {seconds:.2f}, longest transaction {most:.2f}, another's row {ask():.2f}")


def watched_transactions() -> list[float]:
    """Return the list that the seconds of each transaction of this process are added to."""
    from django.db import connection

    seconds, began = [], [0.0]
    start, commit = connection.set_autocommit, connection.commit

    def starting(*values: Any, **named: Any) -> None:
        start(*values, **named)
        began[0] = time.perf_counter()

    def committing() -> None:
        commit()
        seconds.append(time.perf_counter() - began[0])

    connection.set_autocommit, connection.commit = starting, committing
    return seconds


@contextmanager
def second_process() -> Iterator[Any]:
    """Run `beside` in a process of its own; give the call that asks for its longest wait since the last time."""
    words = [sys.executable, __file__, "--part", "beside"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask() -> float:
            print("longest", file=process.stdin, flush=True)
            return float(process.stdout.readline())

        ask()
        yield ask
        process.stdin.close()


def beside() -> None:
    """Change one row again and again; answer each line of the standard input with the longest time that took."""
    import threading

    import django

    django.setup()
    from marketdata.models import Series

    waits = [0.0]

    def work() -> None:
        number = 0
        while True:
            began = time.perf_counter()
            Series.objects.filter(symbol="OTHER").update(name=f"name {number}")
            waits.append(time.perf_counter() - began)
            number += 1
            time.sleep(BESIDE_SECONDS)

    threading.Thread(target=work, daemon=True).start()
    for _line in sys.stdin:
        found = waits[:]
        waits[: len(found)] = [0.0]
        print(max(found), flush=True)


if __name__ == "__main__":
    main()
