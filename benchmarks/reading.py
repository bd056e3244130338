"""How fast a file of bars becomes columns, and in how much memory: ours beside pandas and Python's csv module.

    .venv/bin/python benchmarks/reading.py                     # 1,000,000 rows; --rows 10000000 for ten times as many

Each reads the same file of minutes (local times of New York and prices of two decimals, or of as many digits as a
double has) in a process of its own, after it has loaded what it needs. Ours checks every row, locates problems and
turns local times into UTC; the others only read: pandas with the time as dates, the csv module with `float` and
`datetime.fromisoformat` into arrays. The fastest of several runs counts; memory is the peak above what the process
held before.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

NAMES = ("time", "open", "high", "low", "close", "volume")
READERS = ("ours", "pandas", "csv")
MEGABYTE = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--readers", default=",".join(READERS), help="which of them, separated by commas")
    parser.add_argument("--one", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], Path(options.one[1]), options.repeat)))
        return
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as folder:
        for label, digits in (("two decimals", ".2f"), ("all digits of a double", ".17g")):
            path = Path(folder, "bars.csv")
            write(path, options.rows, digits)
            report(label, path, options)


def report(label: str, path: Path, options: argparse.Namespace) -> None:
    size = path.stat().st_size
    print(f"\n{options.rows:,} rows, {label}, {size / MEGABYTE:,.0f} MB")
    print(f"{'':8}{'seconds':>9}{'processor':>11}{'rows/s':>13}{'MB/s':>7}{'memory MB':>11}{'to ours':>9}")
    ours = 0.0
    for reader in options.readers.split(","):
        command = [sys.executable, __file__, "--one", reader, str(path), "--repeat", str(options.repeat)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        assert found["rows"] == options.rows, found
        ours = ours or found["seconds"]
        print(
            f"{reader:8}{found['seconds']:9.2f}{found['processor']:11.2f}{options.rows / found['seconds']:13,.0f}"
            f"{size / MEGABYTE / found['seconds']:7.0f}{found['memory'] / MEGABYTE:11.0f}"
            f"{found['seconds'] / ours:8.1f}x"
        )


def write(path: Path, rows: int, digits: str) -> None:
    """Minutes of trading days from 9:30 to 16:00, as New York's clocks show them."""
    rng = np.random.default_rng(7)
    price, done = 100.0, 0
    day = np.datetime64("1950-01-02")
    with path.open("w", encoding="ascii") as stream:
        stream.write(",".join(NAMES) + "\n")
        while done < rows:
            count = min(390, rows - done)
            close = price * np.exp(np.cumsum(rng.normal(0, 5e-4, count)))
            opened = np.append(price, close[:-1])
            high = np.maximum(opened, close) * 1.0002
            low = np.minimum(opened, close) * 0.9998
            values = zip(opened.tolist(), high.tolist(), low.tolist(), close.tolist(), strict=True)
            volumes = rng.integers(1, 1_000_000, count).tolist()
            for minute, (four, volume) in enumerate(zip(values, volumes, strict=True), start=570):
                cells = ",".join(format(value, digits) for value in four)
                stream.write(f"{day} {minute // 60:02}:{minute % 60:02}:00,{cells},{volume}\n")
            price, done = min(max(float(close[-1]), 20.0), 900.0), done + count
            day = np.busday_offset(day, 1)


def measure(reader: str, path: Path, repeat: int) -> dict[str, float]:
    read = {"ours": read_ours, "pandas": read_pandas, "csv": read_csv}[reader]
    tiny = path.with_name("tiny.csv")
    write(tiny, 1_000, ".2f")
    read(tiny)  # imports, compiled code
    before = memory("VmRSS")
    rows, best, processor = 0, float("inf"), float("inf")
    for _ in range(repeat):
        started, clock = time.perf_counter(), time.process_time()
        rows = read(path)
        best = min(best, time.perf_counter() - started)
        processor = min(processor, time.process_time() - clock)
    return {"rows": rows, "seconds": best, "processor": processor, "memory": memory("VmHWM") - before}


def memory(field: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def read_ours(path: Path) -> int:
    from marketdata.reading.layout import Layout, Reading
    from marketdata.reading.streaming.reader import read_file

    layout = Layout("generic", "utf-8", ",", ".", True, 0, NAMES, NAMES)
    latest = datetime(2200, 1, 1, tzinfo=UTC)  # ten million minutes of trading days are a century
    reading = Reading("America/New_York")
    content = read_file(path, layout=layout, reading=reading, folder=path.parent, latest=latest)
    with content.columns as columns:
        return len(columns)


def read_pandas(path: Path) -> int:
    import pandas as pd

    return len(pd.read_csv(path, parse_dates=["time"]))


def read_csv(path: Path) -> int:
    import csv
    from array import array

    times, values = array("d"), [array("d") for _ in NAMES[1:]]
    with path.open(newline="", encoding="utf-8") as stream:
        rows = csv.reader(stream)
        next(rows)
        for row in rows:
            times.append(datetime.fromisoformat(row[0]).timestamp())
            for column, cell in zip(values, row[1:], strict=True):
                column.append(float(cell))
    return len(times)


if __name__ == "__main__":
    main()
