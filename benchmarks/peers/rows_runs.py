"""Rows 1 to 3: one run of ten years, of a million bars, and of a million orders."""

from __future__ import annotations

import statistics

from benchmarks.peers.bench import TEN_YEARS, US, Bench, lines_of
from benchmarks.peers.report import Line, Row, duration
from benchmarks.peers.workers import CaseFailed, Effort

WINDOWS = {"fast_period": 10, "slow_period": 50}
ALL = (US, "vectorbt", "vectorbt-rust", "raptorbt", "backtesting", "backtrader")


def ten_years(bench: Bench) -> Row:
    """Signals, equity, trade records, drawdown and every figure of an average crossover with fees."""
    work = f"one run, {TEN_YEARS:,} bars: signals, equity, trades, all metrics"
    goals = {"vectorbt": 150.0, "backtesting": 150.0, "backtrader": 1500.0, "raptorbt": 1.0}
    arguments = bench.arguments(TEN_YEARS, **WINDOWS)
    effort = Effort(rounds=15, turn=0.15, budget=6.0)
    found = bench.measure(ALL, "one_run", arguments, effort)
    notes = _parts(bench, arguments), _with_table(bench, "one_run", arguments, effort)
    return Row(1, tuple(lines_of(work, found, US, goals)), notes)


def _with_table(bench: Bench, case: str, arguments: dict[str, object], effort: Effort) -> str:
    """What the product takes with the table of trades that people read."""
    table = bench.measure((US,), case, arguments | {"table": True}, effort)[US]
    return (
        "vectorbt gives its records, raptorbt a list of objects that know how far each trade ran; ours gives records "
        "and makes a table with that, with times and with reasons in words when it is asked for: "
        f"{duration(table.median)} with it"
    )


def _parts(bench: Bench, arguments: dict[str, object]) -> str:
    """What the product's own run spends on its parts, by its own clock."""
    try:
        runs = [
            bench.worker(US).ask("facts", "one_run", arguments, timeout=60.0)["facts"]["timings"]
            for _ in range(31)
        ]
    except CaseFailed as problem:
        return f"no parts: {problem}"
    parts = (f"{name} {duration(statistics.median(run[name] for run in runs))}" for name in runs[0])
    return "our run's parts, each seen alone and so a little slower: " + ", ".join(parts)


def million_bars(bench: Bench) -> Row:
    work = f"one run, {bench.long:,} bars, full output"
    goals = {"vectorbt": 20.0, "vectorbt-rust": 15.0, "raptorbt": 10.0, "backtesting": 900.0}
    arguments = bench.arguments(bench.long, **WINDOWS)
    effort = Effort(rounds=9, turn=0.3, budget=8.0)
    found = bench.measure(ALL[:-1], "one_run", arguments, effort, bars=bench.bars(TEN_YEARS))
    lines = lines_of(work, found, US, goals)
    for runs, goal in ((1, {}), (5, {"vectorbt": 4.0})):
        title = f"{work}: peak memory of {runs} run" + ("s in a row" if runs > 1 else "")
        lines += memory_lines(bench, title, (US, "vectorbt", "raptorbt"), "one_run", arguments, goal, runs)
    notes = (
        _with_table(bench, "one_run", arguments, effort),
        "backtrader is left out: it needs minutes and gigabytes here",
        "vectorbt's results refer to each other in circles, so that memory grows from run to run until Python "
        "collects its garbage; the goal is judged by five runs, as in a session of research or a job process",
    )
    return Row(2, tuple(lines), notes)


def memory_lines(
    bench: Bench,
    work: str,
    names: tuple[str, ...],
    case: str,
    arguments: dict[str, object],
    goals: dict[str, float],
    runs: int = 1,
) -> list[Line]:
    """Peak memory of a fresh process each, imports and data included."""
    lines: list[Line] = []
    ours = float("nan")
    for name in bench.installed(names):
        goal = f"ours <= 1/{goals[name]:g}" if name in goals else ""
        try:
            peak = bench.memory(name, case, arguments, runs)
        except CaseFailed as problem:
            lines.append(Line(work, name, f"no result: {problem}", goal=goal))
            continue
        if not lines:
            ours = peak
            lines.append(Line(work, name, f"{peak:,.0f} MB"))
            continue
        reached = peak / ours >= goals[name] if name in goals else None
        lines.append(Line(work, name, f"{peak:,.0f} MB", ratio=peak / ours, goal=goal, reached=reached))
    return lines


def million_orders(bench: Bench) -> Row:
    work = f"{bench.long:,} orders, one on every bar, with records and metrics"
    arguments = bench.arguments(bench.long)
    effort = Effort(rounds=9, turn=0.3, budget=8.0)
    found = bench.measure(ALL[:4], "every_bar", arguments, effort, bars=bench.bars(TEN_YEARS))
    note = _with_table(bench, "every_bar", arguments, effort)
    return Row(3, tuple(lines_of(work, found, US, {"vectorbt-rust": 15.0})), (note,))
