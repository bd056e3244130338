"""The one command: build the other tools' environment, measure, compare, write the table."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers import environment, rows_figures, rows_runs, rows_sweeps
from benchmarks.peers.bench import Bench
from benchmarks.peers.report import Row, section, table, write
from benchmarks.peers.workers import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
ROWS: dict[int, Callable[[Bench], Row]] = {
    1: rows_runs.ten_years,
    2: rows_runs.million_bars,
    3: rows_runs.million_orders,
    4: rows_sweeps.ten_thousand,
    5: rows_sweeps.hundred_thousand,
    6: rows_sweeps.long_series,
    7: rows_sweeps.with_exits,
    8: rows_figures.eight_indicators,
    9: rows_figures.equity_figures,
    10: rows_figures.fresh_process,
}


def main() -> None:
    options = _options()
    chosen = [int(number) for number in options.rows.split(",")] if options.rows else list(ROWS)
    unknown = [number for number in chosen if number not in ROWS]
    if unknown:
        raise SystemExit(f"There is no row {unknown[0]}. Choose from {', '.join(map(str, ROWS))}.")
    os.environ["PEERS_CLOCK"] = options.clock
    # Every tool starts from compiled sources, as on a user's machine.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    peers = environment.build(Path(options.environment).resolve())
    machine, started = environment.machine(), time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="peers-"))
    rows = []
    try:
        with Bench(peers, folder, quick=options.quick) as bench:
            for number in chosen:
                rows.append(_measured(bench, number, started))
    finally:
        log = folder / "workers.log"
        if log.exists():
            shutil.copy(log, Path(options.environment).parent / "peers.log")
        shutil.rmtree(folder, ignore_errors=True)
    named = {name: peers.versions[name] for name in environment.PEERS if name in peers.versions}
    text = section(rows, machine, environment.product_versions() | named, peers.missing)
    if options.quick or options.rows or options.clock != "wall":
        print(f"\n{text}\n\nNot the whole comparison: {PAGE.name} stays as it is.")
        return
    write(PAGE, text)
    print(f"\nWritten to {PAGE}, after {time.perf_counter() - started:.0f} s.")


def _measured(bench: Bench, number: int, started: float) -> Row:
    print(f"\n[{time.perf_counter() - started:5.0f} s] row {number} ...", flush=True)
    row = ROWS[number](bench)
    print("\n".join([*table([row]).splitlines()[2:], *row.notes]), flush=True)
    return row


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short series and few turns: does it work?")
    parser.add_argument("--rows", default="", help="numbers of rows, for example 1,4; default: all")
    parser.add_argument(
        "--clock",
        default="wall",
        choices=("wall", "processor"),
        help="processor: count a process's own time, for a first look on a busy machine (wrong for two threads)",
    )
    parser.add_argument(
        "--environment",
        default=str(ROOT / "var" / "peers"),
        help="folder for the other tools, made when it is not there (default: var/peers)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
