"""Importing bars beside what the databases bring along, in one run: `psql \\copy` and the `sqlite3` shell's `.import`.

    .venv/bin/python benchmarks/imports.py                         # --rows 10000000, --rounds 3, --only sqlite

Each import runs in a process of its own and counts whole: start, reading, checks, rows, snapshot, quality report. The
tools put the same bars into the same table as migrated, with its keys and indexes, of databases of their own; `.import`
gets a file that also holds the columns which the table wants, because it cannot leave out any. The product and the tool
take turns; the medians are compared. Memory is the peak of the product's process as the system counts it.
PostgreSQL is taken from LAB_BENCH_POSTGRES_URL (postgres://root@127.0.0.1:5432/postgres) and left out when missing.
"""

import argparse
import csv
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
BLOCK = 100_000
TABLE = "marketdata_marketdata"
SERIES = (
    "INSERT INTO marketdata_series (id, symbol, name, timeframe, source, calendar, timezone, adjustment, recipe, "
    "bar_count, content_sha256, quality_grade, is_draft, created_at, updated_at) VALUES "
    "(1, 'TOOL', '', '1m', 'csv', '24/7', 'UTC', 'none', '{}', 0, '', 'empty', {false}, {now}, {now})"
)
OPENING = """
import statistics, sys, time
import django
django.setup()
from marketdata.models import Series
from marketdata.services import current_snapshot, open_snapshot
snapshot = current_snapshot(Series.objects.get(symbol="BENCH"))
times = []
for _round in range(21):
    began = time.perf_counter()
    bars = open_snapshot(snapshot, "2000-06-01", "2001-03-01")
    float(bars.close[-1])
    times.append(time.perf_counter() - began)
assert "pandas" not in sys.modules
print(f"{times[0] * 1000:.1f} ms the first time in a process, then {statistics.median(times[1:]) * 1000:.2f} ms")
"""


@dataclass
class Times:
    """Seconds of each round, and the product's largest memory."""

    product: list[float] = field(default_factory=list)
    tool: list[float] = field(default_factory=list)
    megabytes: float = 0.0


class Bench:
    """Files and environment of one run."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder, self.rows = folder, rows
        self.file, self.wide = folder / "bars.csv", folder / "wide.csv"
        self.environment = os.environ | {
            "NUMBA_CACHE_DIR": str(folder / "numba"),
            "DJANGO_SETTINGS_MODULE": "algotrade.settings",
        }

    def manage(self, *words: str, database: str, data: Path) -> tuple[float, float]:
        """Run a management command; return seconds and peak megabytes."""
        environment = self.environment | {"DATABASE_URL": database, "DATA_DIR": str(data)}
        return run([sys.executable, "manage.py", *words], environment)

    def product(self, database: str, data: Path) -> tuple[float, float]:
        """Import the file as a user of the command line does."""
        words = ["--shared", "--symbol", "BENCH", "--timeframe", "1m", "--calendar", "24/7"]
        return self.manage("import_bars", str(self.file), *words, database=database, data=data)


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's processes start from compiled sources
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["postgresql", "sqlite"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lab-imports-") as name:
        bench = Bench(Path(name), given.rows)
        write_files(bench, wide=given.only != "postgresql")
        print(
            f"{given.rows:,} bars, {bench.file.stat().st_size / 1e6:.0f} MB, {given.rounds} rounds, medians"
        )
        for title, measure in (("sqlite", on_sqlite), ("postgresql", on_postgresql)):
            if given.only in (None, title):
                measure(bench, given.rounds)


def on_sqlite(bench: Bench, rounds: int) -> None:
    """The product beside `.import`, each into a fresh copy of a migrated database in WAL mode."""
    shell = shutil.which("sqlite3")
    base = bench.folder / "base.sqlite3"
    bench.manage("migrate", "-v0", database=f"sqlite:///{base}", data=bench.folder / "data")
    with sqlite3.connect(base) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    warm(bench, f"sqlite:///{fresh(base, bench.folder / 'warm.sqlite3')}")
    times = Times()
    for number in range(rounds):
        data = bench.folder / f"sqlite-{number}"
        url = f"sqlite:///{fresh(base, bench.folder / 'product.sqlite3')}"
        seconds, megabytes = bench.product(url, data)
        times.product.append(seconds)
        times.megabytes = max(times.megabytes, megabytes)
        target = fresh(base, bench.folder / "tool.sqlite3")
        with sqlite3.connect(target) as connection:
            connection.execute(SERIES.replace("{false}", "0").replace("{now}", "'2026-01-01 00:00:00'"))
        connection.close()
        times.tool.append(timed(lambda target=target: by_shell(shell, target, bench.wide)))
        check_sqlite(target, bench.rows)
        if number == rounds - 1:
            opening(bench, url, data)
        shutil.rmtree(data, ignore_errors=True)
    tell("SQLite", "sqlite3 .import" if shell else "csv and executemany", times)


def by_shell(shell: str | None, target: Path, wide: Path) -> None:
    settings = "PRAGMA foreign_keys=ON;\nPRAGMA synchronous=NORMAL;\nPRAGMA cache_size=-16000;\n"
    if shell:
        words = f"{settings}.mode csv\n.import {wide} {TABLE}\n"
        subprocess.run([shell, str(target)], input=words, text=True, check=True, stdout=subprocess.DEVNULL)
        return
    with sqlite3.connect(target) as connection, wide.open(newline="") as stream:
        connection.executescript(settings)
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({','.join('?' * 10)})", csv.reader(stream))  # noqa: S608
    connection.close()


def check_sqlite(target: Path, rows: int) -> None:
    with sqlite3.connect(target) as connection:
        stored = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()[0]  # noqa: S608
    connection.close()
    assert stored == rows, f"the tool stored {stored} rows"


def on_postgresql(bench: Bench, rounds: int) -> None:
    """The product beside `\\copy`, each into a fresh copy of a migrated database."""
    server = os.environ.get("LAB_BENCH_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")
    if shutil.which("psql") is None or run_psql(server, "SELECT 1", check=False):
        print("PostgreSQL: left out, there is no server or no psql")
        return
    names = [f"lab_imports_{os.getpid()}_{part}" for part in ("base", "product", "tool")]
    base, product, tool = (urlsplit(server)._replace(path=f"/{name}").geturl() for name in names)
    try:
        run_psql(server, f"CREATE DATABASE {names[0]}")
        bench.manage("migrate", "-v0", database=base, data=bench.folder / "data")
        run_psql(server, f"CREATE DATABASE {names[1]} TEMPLATE {names[0]}")
        warm(bench, product)
        times = Times()
        for number in range(rounds):
            data = bench.folder / f"postgresql-{number}"
            for name in names[1:]:
                run_psql(
                    server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {names[0]}"
                )
            seconds, megabytes = bench.product(product, data)
            times.product.append(seconds)
            times.megabytes = max(times.megabytes, megabytes)
            run_psql(
                tool,
                SERIES.replace("{false}", "false").replace("{now}", "now()"),
                f"ALTER TABLE {TABLE} ALTER series_id SET DEFAULT 1, ALTER symbol SET DEFAULT 'TOOL'",
            )
            columns = "timestamp, open, high, low, close, volume"
            words = f"\\copy {TABLE} ({columns}) FROM '{bench.file}' WITH (FORMAT csv, HEADER)"
            times.tool.append(timed(lambda words=words: run_psql(tool, words)))
            if number == rounds - 1:
                opening(bench, product, data)
            shutil.rmtree(data, ignore_errors=True)
    finally:
        for name in names:
            run_psql(server, f"DROP DATABASE IF EXISTS {name}")
    tell("PostgreSQL", "psql \\copy", times)


def run_psql(url: str, *statements: str, check: bool = True) -> int:
    words = [word for statement in statements for word in ("-c", statement)]
    command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", url, *words]
    quiet = os.environ | {"PGOPTIONS": "-c client_min_messages=warning"}
    done = subprocess.run(command, check=check, stdout=subprocess.DEVNULL, env=quiet)
    return done.returncode


def opening(bench: Bench, database: str, data: Path) -> None:
    """How soon the columns are there, in a process of its own."""
    environment = bench.environment | {"DATABASE_URL": database, "DATA_DIR": str(data)}
    command = [sys.executable, "-c", OPENING]
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    print(f"columns opened, verified and sliced without pandas: {said.stdout.strip()}")


def warm(bench: Bench, database: str) -> None:
    """Compile once, as any lab has done after its first import."""
    small = bench.folder / "small.csv"
    with bench.file.open() as source:
        small.write_text("".join(line for _number, line in zip(range(5000), source, strict=False)))
    words = ["--shared", "--symbol", "WARM", "--timeframe", "1m", "--calendar", "24/7"]
    bench.manage("import_bars", str(small), *words, database=database, data=bench.folder / "data")


def fresh(base: Path, target: Path) -> Path:
    for path in target.parent.glob(f"{target.name}*"):
        path.unlink()
    shutil.copyfile(base, target)
    return target


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a process to its end; return seconds and its peak megabytes."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = process.stderr.read().decode() if process.stderr else ""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(said)
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def tell(title: str, tool: str, times: Times) -> None:
    product, other = statistics.median(times.product), statistics.median(times.tool)
    print(
        f"{title}: product {product:.2f} s ({spread(times.product)}), {tool} {other:.2f} s ({spread(times.tool)}), "
        f"ratio {product / other:.2f}, peak {times.megabytes:.0f} MB"
    )


def spread(seconds: list[float]) -> str:
    return f"{min(seconds):.2f}-{max(seconds):.2f}"


def write_files(bench: Bench, *, wide: bool) -> None:
    """Minutes that go up and down; the same bars once as a user has them, once with all columns of the table."""
    with bench.file.open("w") as plain, bench.wide.open("w") as full:
        plain.write("timestamp,open,high,low,close,volume\n")
        for first, moments, values in bars(bench.rows):
            lines = list(zip(moments, values, strict=True))
            plain.writelines(f"{moment}+00:00,{line}\n" for moment, line in lines)
            if wide:
                full.writelines(
                    f"{row},TOOL,{moment},{line},1,0\n" for row, (moment, line) in enumerate(lines, first + 1)
                )


def bars(rows: int) -> Iterator[tuple[int, list[str], list[str]]]:
    rng = np.random.default_rng(7)
    last = 100.0
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        time_ = np.datetime64("2000-01-01T00:00:00") + np.arange(first, first + count) * np.timedelta64(
            60, "s"
        )
        close = np.round(last * np.exp(np.cumsum(rng.normal(0.0, 1e-4, count))), 4)
        opens = np.concatenate(([last], close[:-1]))
        last = float(close[-1])
        high = np.maximum(opens, close) + np.round(rng.random(count) * 0.05, 4)
        low = np.minimum(opens, close) - np.round(rng.random(count) * 0.05, 4)
        volume = rng.integers(1, 10_000, count)
        moments = [text.replace("T", " ") for text in np.datetime_as_string(time_, unit="s").tolist()]
        columns = (opens.tolist(), high.tolist(), low.tolist(), close.tolist(), volume.tolist())
        values = [
            f"{o:.4f},{h:.4f},{low_:.4f},{c:.4f},{v}" for o, h, low_, c, v in zip(*columns, strict=True)
        ]
        yield first, moments, values


if __name__ == "__main__":
    main()
