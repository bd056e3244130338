"""Looking through a series once, block by block, and putting what is suspicious into one report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from marketdata.bars import Bars
from marketdata.columns import BLOCK, BarsColumns, Columns
from marketdata.quality.aligned import AlignedCloses
from marketdata.quality.coverage import Coverage, GuessedCoverage
from marketdata.quality.factors import FactorReport, compare_closes
from marketdata.quality.prices import BarsWithoutVolume, MoveScan, StandingPrices, outliers, windows
from marketdata.quality.report import (
    BY_FILE,
    BY_SERIES,
    LISTS,
    OUTLIER,
    SPLIT,
    STALE,
    ZERO_VOLUME,
    QualityReport,
)
from marketdata.quality.slots import Days, Places, expected_places
from marketdata.quality.suspected import suspected_splits
from marketdata.timeframes import get_calendar, get_timeframe


def examine(
    bars: Bars | Columns,
    *,
    timeframe: str,
    calendar: str,
    adj_close: Columns | None = None,
    published: Columns | None = None,
    kept: FactorReport | None = None,
) -> QualityReport:
    """Look through `bars` and return what is suspicious; nothing is corrected.

    Parameters
    ----------
    bars : Bars or Columns
        What keeps the contract of `Bars`, in memory or in files; it is read in blocks, once.
    timeframe, calendar : str
        What a complete series would look like between the first and the last bar. An exchange that is named is compared
        with its sessions, foreign exchange with its week, 24/7 with every bar. The generic "exchange" has no holidays
        that anybody knew of: up to two missing weekdays in a row are forgiven, and bars are nowhere out of place.
    adj_close : Columns, optional
        What was published as such bars, or a part of them, with a further column "adj_close" (NaN where there is
        none); `bars` itself is used when it has one. It must agree with the close, and its steps confirm splits. Of two
        series of one symbol, `AlignedCloses(raw, adjusted)` makes such columns.
    published : Columns, optional
        When `bars` are adjusted themselves: the same symbol as it was published, to be compared with.
    kept : FactorReport, optional
        What an earlier report found out about the same bars from an adjusted close that is gone; it takes the place of
        comparing. See `FactorReport.kept`.
    """
    columns: Columns = BarsColumns(bars) if isinstance(bars, Bars) else bars
    if not len(columns):
        return QualityReport(bars=0, timeframe=timeframe, calendar=calendar)
    span, market = get_timeframe(timeframe), get_calendar(calendar)
    places = expected_places(columns, span, calendar)
    coverage = GuessedCoverage(span, calendar) if places is None else Coverage(places, span, calendar)
    moves, standing, silent = MoveScan(span, market.minutes_a_day), StandingPrices(), BarsWithoutVolume()
    _walk(columns, coverage, (moves, standing, silent))
    factors = kept or _factors(columns if adj_close is None else adj_close, columns, published)
    found, years = coverage.finish(len(columns))
    large = moves.moves()
    splits, rows = suspected_splits(columns, moves.jumps(), large, span, calendar, factors.splits)
    quiet = silent.finish()
    found |= {
        SPLIT: splits,
        STALE: standing.finish(len(columns)),
        OUTLIER: outliers(columns, large, rows),
        ZERO_VOLUME: quiet,
        **factors.found,
    }
    return QualityReport(
        bars=len(columns),
        missing_bars=coverage.missing,
        outside_bars=coverage.outside,
        unknown_bars=coverage.unknown,
        further_bars=coverage.further,
        zero_volume_bars=quiet.bars,
        timeframe=timeframe,
        calendar=calendar,
        found={kind: found[kind] for kind in LISTS if kind in found},
        years=years,
        notes=tuple(_notes(coverage.unknown, places, market.label)),
        compared_with=factors.compared_with,
        notes_on_closes=factors.notes,
    )


def _walk(
    columns: Columns,
    coverage: Coverage | GuessedCoverage,
    scans: tuple[MoveScan | StandingPrices | BarsWithoutVolume, ...],
) -> None:
    """Show every bar once to what counts, block by block."""
    for first, block in windows(columns):
        begin = 1 if first else 0  # but for the first, a window begins with a bar of the block before
        coverage.add(block["time"][begin : begin + BLOCK])
        for scan in scans:
            scan.add(first, block)


def _factors(beside: Columns, columns: Columns, published: Columns | None) -> FactorReport:
    if published is not None:  # the splits are adjusted for here: they confirm nothing
        compared = compare_closes(AlignedCloses(published, columns))
        return replace(compared, splits={}, compared_with=BY_SERIES)
    if "adj_close" not in getattr(beside, "names", ()):
        return FactorReport({}, {}, (), compared_with="")
    by = BY_SERIES if isinstance(beside, AlignedCloses) else BY_FILE
    return replace(compare_closes(beside), compared_with=by)


def _notes(unknown: int, places: Places | Days | None, label: str) -> list[str]:
    notes = []
    if places is not None and places.ends:
        notes.append("The bars bear the times of their ends; their places were counted accordingly.")
    if unknown and places is not None:
        limits = np.iinfo(np.int64)
        ends = [
            f"{word} {np.datetime64(tick, 'ns').astype('datetime64[D]') - more}"
            for word, tick, more, none in (
                ("from", places.known[0], 0, limits.min),
                ("until", places.known[1], 1, limits.max),
            )
            if tick != none
        ]
        notes.append(
            f"The sessions of {label} are known {' '.join(ends)}: {unknown} bars beyond were not compared with them."
        )
    return notes
