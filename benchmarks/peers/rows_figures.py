"""Rows 8 to 10: indicators, the figures of an equity curve, and the first result of a fresh process."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import time

from benchmarks.peers.bench import TEN_YEARS, US, Bench, lines_of
from benchmarks.peers.report import Line, Row, duration
from benchmarks.peers.rows_runs import WINDOWS
from benchmarks.peers.workers import ROOT, Effort

OURS = f"{US}, indicators"
INDICATORS = (
    "SMA(20)",
    "EMA(20)",
    "RSI(14)",
    "MACD(12,26,9)",
    "Bollinger(20,2)",
    "ATR(14)",
    "Stochastic(14,3,3)",
    "ADX(14)",
)
FRESH_SECONDS = 1.5


def eight_indicators(bench: Bench) -> Row:
    effort = Effort(rounds=7, turn=0.06, budget=3.0)
    lines, ratios = [], []
    for name in INDICATORS:
        work = f"{name}, {bench.long:,} bars"
        arguments = bench.arguments(bench.long, indicator=name)
        found = bench.measure((OURS, "TA-Lib"), "indicator", arguments, effort)
        pair = lines_of(work, found, OURS, {"TA-Lib": 1.0})
        lines += pair
        ratios.append(pair[-1].ratio)
    mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios)) if all(ratios) else math.nan
    lines.append(
        Line(
            "eight indicators: geometric mean", "TA-Lib", "", ratio=mean, goal=">= 1.8x", reached=mean >= 1.8
        )
    )
    return Row(8, tuple(lines))


def equity_figures(bench: Bench) -> Row:
    """All figures of one curve beside the full table of quantstats and fifteen figures of empyrical."""
    work = f"all metrics of one equity curve, {TEN_YEARS:,} bars"
    curve = str(bench.folder / "curve.npz")
    arguments = bench.arguments(TEN_YEARS, **WINDOWS, save=curve, curve=curve)
    effort = Effort(rounds=15, turn=0.15, budget=6.0)
    ours = bench.measure((US,), "all_metrics", arguments, effort)  # saves the curve that the others read
    lines: list[Line] = []
    names = {"quantstats": 300.0, "empyrical-reloaded": 25.0, "empyrical-reloaded on arrays": 0.0}
    for name, factor in names.items():
        case = name.split("-")[0]
        found = ours | bench.measure((name,), case, arguments, effort)
        again = bench.measure((US,), "all_metrics", arguments, Effort(rounds=5, turn=0.1))[US]
        ours[US].seconds += again.seconds
        lines += lines_of(work, found, US, {name: factor} if factor else {})[1:]
    first = lines_of(work, ours, US, {})
    lines = [*first, *lines]
    return Row(9, tuple(lines), ("with our figures: all that the product shows, compared with buy-and-hold",))


def fresh_process(bench: Bench) -> Row:
    """From the start of an interpreter to the first result, with everything compiled before and cached."""
    work = f"a fresh process to its first result, {TEN_YEARS:,} bars"
    arguments = bench.arguments(TEN_YEARS, **WINDOWS)
    rounds = 2 if bench.quick else 5
    names = bench.installed((US, "vectorbt", "raptorbt", "backtesting", "backtrader"))
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):  # the first turn fills caches
        for name in names:
            if turn <= 2 or name == US:
                spent = _start_to_result(bench, name, arguments)
                seconds[name] += [spent] if turn else []
    lines = []
    base = statistics.median(seconds[US])
    for name, found in seconds.items():
        median = statistics.median(found)
        ours = name == US
        lines.append(
            Line(work, name, duration(median), len(found), math.nan if ours else median / base,
                 f"<= {FRESH_SECONDS} s" if ours else "", median <= FRESH_SECONDS if ours else None)
        )  # fmt: skip
    return Row(10, tuple(lines))


def _start_to_result(bench: Bench, name: str, arguments: dict[str, object]) -> float:
    contender = bench.contenders()[name]
    request = json.dumps(arguments | contender.extra)
    started = time.perf_counter()
    process = subprocess.run(
        [str(contender.python), "-m", "benchmarks.peers.fresh", contender.cases, "one_run", request],
        cwd=ROOT,
        env=os.environ | {"MPLBACKEND": "agg"} | contender.environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    spent = time.perf_counter() - started
    return spent if process.returncode == 0 and b"final_equity" in process.stdout else math.nan
