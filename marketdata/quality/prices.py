"""What the prices and volumes themselves give away: moves beyond the usual, standing prices, bars without volume."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import BLOCK, Columns
from marketdata.quality.report import INFO, OUTLIER, STALE, WARNING, ZERO_VOLUME, Findings, said_ticks
from marketdata.quality.tally import Runs, Tally
from marketdata.timeframes import Timeframe

Ticks = NDArray[np.int64]
Floats = NDArray[np.float64]

OUTLIER_Z = 12.0
"""Robust z-score (0.6745 * |r| / median |r|) from which a log return is reported."""
CANDIDATE_Z = 5.0
SPLIT_JUMP = 1.35
"""Factor between an open and the close before it from which a split is thought of."""
FEWEST_MOVES = 20
STALE_BARS = 5
MOST_STALE_BARS = 60
ENOUGH_RUNS = 50
"""Runs of unchanged bars from which their lengths tell something about the market's habit."""
BACK = 0.3
"""Share of a move that may be left after the next bar for the move to count as taken back."""
MOST_AS_PERCENT = math.log(1e4)
"""Log return from which a move is said as a power of ten: a million percent tells nobody anything."""

_Z_OF_USUAL = 0.6745
"""The z-score of a move as large as the median: half of a normal distribution lies nearer than that."""
_HOUR = 3_600_000_000_000
_CHUNK = 256
_CHUNK_OF_DAYS = 64


def windows(columns: Columns) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """Yield (rows before the block, its columns with one bar before and one after it, where there are such)."""
    count = len(columns)
    for first in range(0, count, BLOCK):
        low, high = max(0, first - 1), min(count, first + BLOCK + 1)
        yield (
            first,
            {
                name: columns.read(name, low, high)
                for name in ("time", "open", "high", "low", "close", "volume")
            },
        )


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """The largest log returns of a series with what they are measured by; arrays of shape (n_moves,).

    `score` is the robust z-score against the larger of the usual move of the series and that of the bars around it,
    `after` the return of the next bar (NaN at the end), `row` the bar that it ends in.
    """

    row: Ticks
    value: Floats
    after: Floats
    score: Floats


class MoveScan:
    """Collects what may be an outlier or a split, and the usual size of moves, block by block.

    Moves over a pause (a night, a weekend, a gap) are measured by each other, as they are larger than those inside of a
    session. The size of a move is the median of those that are not zero, within chunks of neighbouring bars.
    """

    def __init__(self, span: Timeframe, minutes_a_day: int) -> None:
        self.intraday = span.is_intraday
        self.a_day = max(1, minutes_a_day // span.minutes)
        self.pause = max(span.nanoseconds, _HOUR)
        self.chunk = _CHUNK if span.is_intraday else _CHUNK_OF_DAYS
        self._usual: list[Floats] = []
        self._kept: list[dict[str, NDArray[Any]]] = []
        self._paused: list[dict[str, NDArray[Any]]] = []
        self._jumps: list[tuple[Ticks, Floats]] = []

    def add(self, first: int, block: dict[str, NDArray[Any]]) -> None:
        """Take a block with a bar before and a bar after it."""
        time, close = block["time"], block["close"]
        returns = np.diff(np.log(close))
        begin = 1 if first else 0  # how many bars of the window lie before the block
        row = np.arange(len(returns)) + first - begin + 1
        after = np.append(returns[1:], np.nan)
        stop = min(len(returns), BLOCK - 1 + begin)
        returns, row, after, steps = returns[:stop], row[:stop], after[:stop], np.diff(time)[:stop]
        with np.errstate(over="ignore"):
            jump = block["open"][1 : stop + 1] / close[:stop]
        leaps = np.flatnonzero((jump > SPLIT_JUMP) | (jump < 1.0 / SPLIT_JUMP))
        self._jumps.append((row[leaps], jump[leaps]))
        usual = _usual_moves(np.abs(returns), self.chunk)
        self._usual.append(usual)
        limit = np.repeat(usual, self.chunk)[: len(returns)] * (CANDIDATE_Z / _Z_OF_USUAL)
        paused = steps > self.pause if self.intraday else np.zeros(len(steps), dtype=bool)
        chunk = np.repeat(np.arange(len(usual)), self.chunk)[: len(returns)] + sum(map(len, self._usual[:-1]))
        for rows, kept in (
            (np.flatnonzero(~paused & (np.abs(returns) > limit)), self._kept),
            (np.flatnonzero(paused), self._paused),
        ):
            kept.append(
                {"row": row[rows], "value": returns[rows], "after": after[rows], "chunk": chunk[rows]}
            )

    def moves(self) -> Moves:
        """Return the moves that stand out, in the order of time."""
        usual = _with_neighbours(np.concatenate(self._usual) if self._usual else np.empty(0))
        inside = _joined(self._kept)
        over = _joined(self._paused)
        inside["score"] = _scores(inside["value"], usual[inside["chunk"]]) if len(usual) else inside["value"]
        if len(over["row"]) >= FEWEST_MOVES:
            size = _with_neighbours(_usual_moves(np.abs(over["value"]), _CHUNK_OF_DAYS))
            over["score"] = _scores(over["value"], np.repeat(size, _CHUNK_OF_DAYS)[: len(over["row"])])
        else:  # a random walk of a day's bars moves by the root of their number
            size = usual[over["chunk"]] * math.sqrt(self.a_day) if len(usual) else over["value"]
            over["score"] = _scores(over["value"], size)
        both = {name: np.concatenate((inside[name], over[name])) for name in inside}
        order = np.argsort(both["row"], kind="stable")
        stands_out = order[both["score"][order] > CANDIDATE_Z]
        return Moves(*(both[name][stands_out] for name in ("row", "value", "after", "score")))

    def jumps(self) -> tuple[Ticks, Floats]:
        """Return the rows that open far from the close before, and the factor between the two."""
        if not self._jumps:
            return np.empty(0, dtype=np.int64), np.empty(0)
        return np.concatenate([rows for rows, _ in self._jumps]), np.concatenate(
            [by for _, by in self._jumps]
        )


def outliers(columns: Columns, moves: Moves, but: Ticks) -> Findings:
    """Return the moves beyond `OUTLIER_Z`, without the rows `but`; one that is taken back at once is one finding."""
    tally = Tally(OUTLIER)
    far = (moves.score > OUTLIER_Z) & ~np.isin(moves.row, but) & (len(columns) > FEWEST_MOVES)
    row = moves.row[far]
    value, after, score = (values[far] for values in (moves.value, moves.after, moves.score))
    back = (np.abs(value + after) < BACK * np.abs(value)) & np.isfinite(after)
    returning = np.zeros(len(row), dtype=bool)
    returning[1:] = back[:-1] & (row[1:] == row[:-1] + 1)
    back &= ~returning
    keep = np.flatnonzero(~returning)
    row, value, score, back = row[keep], value[keep], score[keep], back[keep]
    time = times_at(columns, row)
    severity = np.where(back, WARNING, INFO).astype(np.int64)
    tally.add(time, time, np.ones(len(row), dtype=np.int64), severity, score, move=value, back=back)
    return tally.finish(_move_text)


def _move_text(values: dict[str, Any]) -> str:
    move = values["move"]
    moved = f"The close moves by {100.0 * math.expm1(min(move, MOST_AS_PERCENT)):+.1f} %"
    if move > MOST_AS_PERCENT:  # which may be more than a number can say
        moved = f"The close rises to about 1e{move / math.log(10.0):.0f} times the last one"
    by = f"{values['weight'] / _Z_OF_USUAL:.0f} times the usual move of its time"
    if values["back"]:
        return f"{moved} and back with the next bar ({by}): most likely a wrong price"
    return f"{moved} ({by})"


class StandingPrices:
    """Runs of bars that have one and the same price throughout."""

    def __init__(self) -> None:
        self._runs = Runs(STALE_BARS - 1)
        self._found: list[tuple[Ticks, Ticks, Ticks]] = []

    def add(self, first: int, block: dict[str, NDArray[Any]]) -> None:
        """Take a block with a bar before and a bar after it."""
        flat = block["high"] == block["low"]
        same = flat[1:] & flat[:-1] & (block["close"][1:] == block["close"][:-1])
        stop = min(len(same), BLOCK - 1 + (1 if first else 0))
        time = block["time"]
        self._found.append(self._runs.add(same[:stop], time[1 : stop + 1], begin=time[:stop]))

    def finish(self, bars: int) -> Findings:
        """Return the runs that are longer than the series' own habit of unchanged bars explains.

        If a bar follows an unchanged one unchanged with chance p, one of R such runs reaches L bars about R * p^(L-1)
        times by chance: L is chosen so that this is below 0.01. A liquid market gives 5, a thinly traded one more, at
        most 60.
        """
        self._found.append(self._runs.close())
        start, end, length = (np.concatenate(columns) for columns in zip(*self._found, strict=True))
        length = length + 1  # the bar whose price the others repeat
        least = max(STALE_BARS, min(self._by_chance(bars), MOST_STALE_BARS))
        kept = length >= least
        tally = Tally(STALE)
        severity = np.full(int(kept.sum()), WARNING, dtype=np.int64)
        tally.add(start[kept], end[kept], length[kept], severity, length[kept])
        return tally.finish(lambda values: f"The price stands still for {values['bars']} bars")

    def _by_chance(self, bars: int) -> int:
        """The length that no run reaches by chance. A long run is one run, so that it hardly hides itself."""
        runs = self._runs
        chance = runs.count / max(bars - runs.rows, 1)
        if runs.count >= ENOUGH_RUNS:
            chance = max(chance, runs.longer / runs.count)
        if not 0.0 < chance < 1.0:
            return 0
        return 2 + math.ceil(math.log(0.01 / max(runs.count, 1)) / math.log(chance))


class BarsWithoutVolume:
    """Bars of volume 0 in a series that has volume elsewhere."""

    def __init__(self) -> None:
        self._runs, self._tally = Runs(), Tally(ZERO_VOLUME)
        self._some = False

    def add(self, first: int, block: dict[str, NDArray[Any]]) -> None:
        """Take a block with a bar before and a bar after it."""
        begin = 1 if first else 0
        volume, time = (block[name][begin : begin + BLOCK] for name in ("volume", "time"))
        self._some = self._some or bool(np.any(volume > 0.0))
        self._take(*self._runs.add(volume == 0.0, time))

    def _take(self, start: Ticks, end: Ticks, bars: Ticks) -> None:
        self._tally.add(start, end, bars, np.full(len(start), INFO, dtype=np.int64), bars)

    def finish(self) -> Findings:
        """Return the runs of such bars; none when the series has no volume at all."""
        self._take(*self._runs.close())
        if not self._some:
            return Findings()
        return self._tally.finish(_volume_text)


def _volume_text(values: dict[str, Any]) -> str:
    if values["bars"] == 1:
        return "1 bar without volume"
    return f"{values['bars']} bars in a row without volume, until {said_ticks(values['end'])}"


def times_at(columns: Columns, rows: Ticks) -> Ticks:
    """Return the times of a few ascending rows, read in blocks that hold any of them."""
    found = np.empty(len(rows), dtype=np.int64)
    for block in np.unique(rows // BLOCK).tolist():
        inside = rows // BLOCK == block
        found[inside] = columns.read("time", block * BLOCK, (block + 1) * BLOCK)[rows[inside] - block * BLOCK]
    return found


def _usual_moves(sizes: Floats, chunk: int) -> Floats:
    """The median of the moves that are not zero in each chunk of neighbours; 0 where all are."""
    whole = len(sizes) // chunk
    parts = [_medians(sizes[: whole * chunk].reshape(whole, chunk))] if whole else []
    if len(sizes) % chunk:
        parts.append(_medians(sizes[whole * chunk :][None, :]))
    return np.concatenate(parts) if parts else np.empty(0)


def _medians(rows: Floats) -> Floats:
    ordered = np.sort(rows, axis=1)
    zeros = (ordered <= 1e-12).sum(axis=1)
    width = rows.shape[1]
    middle = np.minimum(zeros + (width - zeros) // 2, width - 1)
    found: Floats = np.where(zeros < width, ordered[np.arange(len(rows)), middle], 0.0)
    return found


def _with_neighbours(usual: Floats) -> Floats:
    """The largest of each chunk's usual move, its neighbours', and that of the whole series."""
    some = usual[usual > 0.0]
    if not len(some):
        return usual
    padded = np.concatenate(([0.0], usual, [0.0]))
    around = np.maximum(np.maximum(padded[:-2], padded[2:]), usual)
    return np.maximum(around, np.median(some))


def _scores(value: Floats, usual: Floats) -> Floats:
    found: Floats = np.divide(_Z_OF_USUAL * np.abs(value), usual, out=np.zeros(len(value)), where=usual > 0.0)
    return found


def _joined(parts: list[dict[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    kinds = {"row": np.int64, "value": np.float64, "after": np.float64, "chunk": np.int64}
    return {
        name: np.concatenate([part[name] for part in parts] or [np.empty(0, dtype=kind)])
        for name, kind in kinds.items()
    }
