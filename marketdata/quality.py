"""What is suspicious in a series of bars: a report, never a correction.

Bars that break the contract never get this far (`Bars` refuses them). What is looked for here is data that
is well formed and still not to be trusted blindly: holes, prices that stand still, jumps, splits that were
not adjusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.timeframes import MINUTES_A_DAY, Timeframe, get_calendar, get_timeframe

OUTLIER_Z = 12.0
"""Robust z-score (0.6745 * (r - median) / MAD) from which a log return is reported."""
SPLIT_Z = 8.0
SPLIT_TOLERANCE = 0.05
SPLIT_RATIOS = (1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 50.0, 100.0)
STALE_BARS = 5
HOLIDAY_SESSIONS = 2
"""Weekdays in a row that an exchange may be closed without it counting as a gap."""
LISTED = 20
"""Findings of one kind that are listed; all of them are counted."""

_DAY = 86_400 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicious place: when it starts, over how many bars, and what it is in words."""

    time: np.datetime64
    bars: int
    text: str


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The findings about one series. Lists hold the first `LISTED`; the counts are complete."""

    bars: int
    missing_bars: int
    gap_count: int
    gaps: tuple[Finding, ...]
    stale_count: int
    stale: tuple[Finding, ...]
    outlier_count: int
    outliers: tuple[Finding, ...]
    split_count: int
    splits: tuple[Finding, ...]
    zero_volume_bars: int

    @property
    def coverage(self) -> float | None:
        """Share of the expected bars that are there, 0 to 1; None without bars."""
        expected = self.bars + self.missing_bars
        return self.bars / expected if expected else None

    @property
    def grade(self) -> str:
        """One word for a badge: "good", "fair", "poor", or "empty"."""
        coverage = self.coverage
        if coverage is None:
            return "empty"
        if self.split_count or coverage < 0.9:
            return "poor"
        if coverage < 0.98 or self.stale_count or self.outlier_count > max(1, self.bars // 500):
            return "fair"
        return "good"

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        listed = {name: getattr(self, name) for name in ("gaps", "stale", "outliers", "splits")}
        counts = ("bars", "missing_bars", "gap_count", "stale_count", "outlier_count", "split_count")
        return {
            **{name: getattr(self, name) for name in (*counts, "zero_volume_bars", "coverage", "grade")},
            **{
                name: [{"time": _said(item.time), "bars": item.bars, "text": item.text} for item in findings]
                for name, findings in listed.items()
            },
        }


def examine(bars: Bars, *, timeframe: str, calendar: str) -> QualityReport:
    """Look through `bars` and return what is suspicious.

    Parameters
    ----------
    bars : Bars
    timeframe, calendar : str
        What a complete series would look like. Holidays are not known: the exchange calendar forgives up to
        `HOLIDAY_SESSIONS` missing weekdays in a row, fx the weekend; 24/7 forgives nothing.
    """
    span = get_timeframe(timeframe)
    missing = _missing(bars.time, span, calendar)
    gap_rows = np.flatnonzero(missing)
    stale_starts, stale_lengths = _stale_runs(bars)
    score = _return_scores(bars)
    split_rows, ratios = _suspected_splits(bars, score)
    outlier_rows = np.setdiff1d(np.flatnonzero(np.abs(score) > OUTLIER_Z) + 1, split_rows)
    has_volume = bool(np.any(bars.volume > 0.0))
    return QualityReport(
        bars=len(bars),
        missing_bars=int(missing.sum()),
        gap_count=len(gap_rows),
        gaps=tuple(_gap(bars, int(row), int(missing[row])) for row in gap_rows[:LISTED]),
        stale_count=len(stale_starts),
        stale=tuple(
            Finding(bars.time[row], int(count), f"The price stands still for {count} bars")
            for row, count in zip(stale_starts[:LISTED], stale_lengths[:LISTED], strict=True)
        ),
        outlier_count=len(outlier_rows),
        outliers=tuple(_outlier(bars, int(row), float(score[row - 1])) for row in outlier_rows[:LISTED]),
        split_count=len(split_rows),
        splits=tuple(
            Finding(bars.time[row], 1, _split_text(float(ratio)))
            for row, ratio in zip(split_rows[:LISTED], ratios[:LISTED], strict=True)
        ),
        zero_volume_bars=int(np.count_nonzero(bars.volume == 0.0)) if has_volume else 0,
    )


def _missing(time: NDArray[np.datetime64], span: Timeframe, calendar: str) -> NDArray[np.int64]:
    """Bars missing after each bar, shape (n_bars - 1,)."""
    market = get_calendar(calendar)
    ticks = time.view(np.int64)
    steps = np.diff(ticks)
    absent = np.maximum(np.rint(steps / span.nanoseconds).astype(np.int64) - 1, 0)
    if market.trades_weekends or span.minutes > MINUTES_A_DAY:
        return absent
    days = (ticks // _DAY).astype("datetime64[D]")
    weekdays_between = np.busday_count(days[:-1], days[1:]) - 1
    closed = np.maximum(weekdays_between, 0)
    if market.minutes_a_day == MINUTES_A_DAY:
        return _missing_fx(ticks, span, absent, closed)
    long_closure = np.where(closed > HOLIDAY_SESSIONS, closed, 0)
    if not span.is_intraday:
        return long_closure
    bars_a_day = -(-market.minutes_a_day // span.minutes)
    return np.where(days[:-1] == days[1:], absent, long_closure * bars_a_day)


def _missing_fx(
    ticks: NDArray[np.int64], span: Timeframe, absent: NDArray[np.int64], closed: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Foreign exchange rests from Friday evening to Sunday evening; the hour moves with daylight saving."""
    if not span.is_intraday:
        return closed
    weekday = (ticks // _DAY + 3) % 7  # Monday is 0
    over_weekend = (weekday[:-1] >= 4) & ((weekday[1:] == 6) | (weekday[1:] == 0))
    short_enough = np.diff(ticks) <= 3 * _DAY
    return np.where(over_weekend & short_enough, 0, absent)


def _stale_runs(bars: Bars) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First rows and lengths of runs of at least `STALE_BARS` bars with one and the same price."""
    flat = (bars.high == bars.low).astype(np.int8)
    same = np.zeros(len(bars), dtype=bool)
    same[1:] = (flat[1:] == 1) & (flat[:-1] == 1) & (bars.close[1:] == bars.close[:-1])
    edges = np.diff(np.concatenate(([0], same.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1) - 1, np.flatnonzero(edges == -1)
    lengths = ends - starts
    long_enough = lengths >= STALE_BARS
    return starts[long_enough], lengths[long_enough]


def _return_scores(bars: Bars) -> NDArray[np.float64]:
    """Robust z-scores of the log returns of the close, shape (n_bars - 1,); zeros without any spread."""
    if len(bars) < 3:
        return np.zeros(max(len(bars) - 1, 0))
    returns = np.diff(np.log(bars.close))
    middle = np.median(returns)
    spread = np.median(np.abs(returns - middle))
    if spread < 1e-12:
        return np.zeros(len(returns))
    score: NDArray[np.float64] = 0.6745 * (returns - middle) / spread
    return score


def _suspected_splits(
    bars: Bars, score: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows whose open is a simple fraction or multiple of the last close, and the ratio.

    A crash can land on the same fraction, but it comes with a flood of volume; a split leaves the money
    traded as it was, so that the volume changes by the ratio at most.
    """
    rows, ratios = [], []
    for row in (np.flatnonzero(np.abs(score) > SPLIT_Z) + 1).tolist():
        jump = float(bars.open[row] / bars.close[row - 1])
        size = max(jump, 1.0 / jump)
        near = min(SPLIT_RATIOS, key=lambda ratio: abs(size / ratio - 1.0))
        before = bars.volume[max(0, row - 20) : row]
        usual = float(np.median(before))
        flooded = usual > 0.0 and float(bars.volume[row]) > 4.0 * usual * max(1.0, 1.0 / jump)
        if abs(size / near - 1.0) <= SPLIT_TOLERANCE and not flooded:
            rows.append(row)
            ratios.append(near if jump < 1.0 else 1.0 / near)
    return np.array(rows, dtype=np.int64), np.array(ratios, dtype=np.float64)


def _gap(bars: Bars, row: int, missing: int) -> Finding:
    noun = "bar is" if missing == 1 else "bars are"
    return Finding(bars.time[row], missing, f"{missing} {noun} missing until {_said(bars.time[row + 1])}")


def _outlier(bars: Bars, row: int, score: float) -> Finding:
    change = 100.0 * (float(bars.close[row] / bars.close[row - 1]) - 1.0)
    return Finding(
        bars.time[row], 1, f"The close moves by {change:+.1f} % ({abs(score):.0f} robust deviations)"
    )


def _split_text(ratio: float) -> str:
    words = f"{ratio:g} for 1" if ratio > 1.0 else f"1 for {1.0 / ratio:g}"
    return f"Looks like a {words} split that was not adjusted"


def _said(moment: np.datetime64) -> str:
    text = str(np.datetime_as_string(moment, unit="m"))
    return text.removesuffix("T00:00").replace("T", " ")
