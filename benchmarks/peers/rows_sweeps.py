"""Rows 4 to 7: sweeps of many pairs, of very many, over long series, and with exits that depend on the path."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.peers.bench import ONE_TILE, TEN_YEARS, UNTILED, US, Bench, lines_of
from benchmarks.peers.environment import available_gigabytes
from benchmarks.peers.report import Line, Row, duration
from benchmarks.peers.rows_runs import memory_lines
from benchmarks.peers.workers import CaseFailed, Effort, Measured

ONE, TWO = f"{US}, sweep", f"{US}, sweep on two threads"
SMALL = {"fast": [5, 7], "slow": [110, 114, 2]}
VECTORBT_GIGABYTES = 13.0  # what 10,000 columns need, with room for everything else


def grid(side: int) -> dict[str, list[int]]:
    """A square of side x side pairs in which every fast window is below every slow one."""
    return {"fast": [5, 5 + side], "slow": [110, 110 + 2 * side, 2]}


def ten_thousand(bench: Bench) -> Row:
    side = 30 if bench.quick else 100
    work = f"sweep of {side * side:,} (fast, slow) pairs, {TEN_YEARS:,} bars"
    arguments = bench.arguments(TEN_YEARS, **grid(side))
    names = [ONE, TWO, "raptorbt on one thread", "raptorbt"]
    notes = []
    if bench.quick or available_gigabytes() > VECTORBT_GIGABYTES:
        names += ["vectorbt", "vectorbt-rust"]
    else:
        notes.append(
            f"vectorbt left out: it needs {VECTORBT_GIGABYTES:g} GB, {available_gigabytes():.0f} are free"
        )
    found = bench.measure(names, "pairs", arguments, Effort(rounds=9, turn=0.3, budget=8.0), **SMALL)
    alone = {name: measured for name, measured in found.items() if name != TWO}
    lines = lines_of(f"{work}, one thread", alone, ONE, {"vectorbt": 500.0, "raptorbt on one thread": 75.0})
    both = {name: measured for name, measured in found.items() if name != ONE}
    goals = {"vectorbt": 800.0, "raptorbt on one thread": 120.0}
    lines += lines_of(f"{work}, two threads", both, TWO, goals)
    peaks = (ONE, "raptorbt", *(name for name in names if name == "vectorbt"))
    lines += memory_lines(bench, f"{work}: peak memory", peaks, "pairs", arguments, {})
    notes.append(
        "vectorbt computes all pairs as columns at once; batches of columns would save memory, not time"
    )
    return Row(4, tuple(lines), tuple(notes))


def hundred_thousand(bench: Bench) -> Row:
    """Memory must not grow with the number of pairs, and time only in proportion."""
    few, many, most = (
        (10, 10),
        (50, 50) if bench.quick else (200, 500),
        (100, 100) if bench.quick else (1000, 1000),
    )
    arguments = {size: _spread(bench, *size) for size in (few, many, most)}
    effort = Effort(rounds=5, turn=0.0, budget=30.0)
    found = {
        size: bench.measure([ONE], "pairs", arguments[size], effort, **SMALL)[ONE] for size in (many, most)
    }
    lines = [line for size in (many, most) for line in _timed(size, found[size])]
    if not any(measured.problem for measured in found.values()):
        factor = found[most].median / found[many].median / (most[0] * most[1] / many[0] / many[1])
        goal, said = "linear: <= 1.25x the time a pair", f"{factor:.2f}x the time a pair"
        lines[-1] = replace(lines[-1], goal=goal, reached=factor <= 1.25, agreement=said)
    lines.append(_growth(bench, arguments[few], arguments[many], many))
    return Row(5, tuple(lines), ("vectorbt is left out at 100,000 pairs: it runs out of memory",))


def _spread(bench: Bench, fasts: int, slows: int) -> dict[str, object]:
    """A grid over the same range of windows whatever its size, so that a pair is the same work in each."""
    shape = {"fast": [2, 1002, 1000 // fasts], "slow": [1002, 2002, 1000 // slows]}
    return bench.arguments(TEN_YEARS, brief=True, keep_curves=10, **shape)


def _growth(bench: Bench, few: dict[str, object], many: dict[str, object], size: tuple[int, int]) -> Line:
    """Memory of many pairs above that of 100; the least of three fresh processes each."""
    work = f"{size[0] * size[1]:,} pairs, {TEN_YEARS:,} bars, one thread: memory above that of 100 pairs"
    try:
        before, after = (min(bench.memory(ONE, "pairs", some) for _ in range(3)) for some in (few, many))
    except CaseFailed as problem:
        return Line(work, ONE, f"no result: {problem}", reached=False)
    more = after - before
    return Line(work, ONE, f"{more:,.1f} MB", goal="<= 20 MB", reached=more <= 20.0)


def _timed(size: tuple[int, int], measured: Measured) -> list[Line]:
    cells = size[0] * size[1]
    work = f"{cells:,} pairs, {TEN_YEARS:,} bars, one thread, curves of the best 10"
    if measured.problem:
        return [Line(work, ONE, f"failed: {measured.problem}", reached=False)]
    agreement = "" if measured.facts["valid"] == cells else f"only {measured.facts['valid']:,} valid"
    return [Line(work, ONE, duration(measured.median), len(measured.seconds), agreement=agreement)]


def long_series(bench: Bench) -> Row:
    """Where one column no longer fits the cache: the tiled kernel beside an untiled one, and beside itself untiled."""
    side, length = (10, 20_000) if bench.quick else (100, 200_000)
    work = f"{side * side:,} pairs x {length:,} bars, two threads"
    arguments = bench.arguments(length, **grid(side))
    effort = Effort(rounds=9, turn=0.0, budget=60.0)
    found = bench.measure([TWO, UNTILED, ONE_TILE], "pairs", arguments, effort, **SMALL)
    notes = (
        "where the difference of two averages is but rounding noise the plain loop may trade and the product does not",
        "with one tile the product's kernel keeps what goes with its tiles: lines of two bytes a bar, compared 64 bars "
        "at a time, which ask so little of the memory that tiles alone gain less than twice",
    )
    return Row(6, tuple(lines_of(work, found, TWO, {UNTILED: 2.0}, needed=0.999)), notes)


def with_exits(bench: Bench) -> Row:
    """Stop-loss and take-profit make every bar count: a loop over all bars for each combination."""
    side = 10 if bench.quick else 50
    cells = side * side
    work = f"sweep of {cells:,} pairs with stop-loss and take-profit, {TEN_YEARS:,} bars, one thread"
    arguments = bench.arguments(TEN_YEARS, **grid(side), stop_loss=0.08, take_profit=0.16)
    names = (ONE, "vectorbt", "vectorbt-rust")
    found = bench.measure(names, "pairs", arguments, Effort(rounds=9, turn=0.3, budget=6.0), **SMALL)
    lines = lines_of(work, found, ONE, {"vectorbt": 75.0}, needed=0.9)
    notes = [
        "vectorbt looks at stops before the signals of the same bar and not on the bar of the entry; combinations "
        "in which that matters differ"
    ]
    if not found[ONE].problem:
        notes.append(
            f"ours takes {found[ONE].median / cells / TEN_YEARS * 1e9:.2f} ns per bar and combination"
        )
    return Row(7, tuple(lines), tuple(notes))
