"""Splits that the prices seem not to be adjusted for: the jump of a simple fraction, and what the volume says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import Columns, first_row_from
from marketdata.quality.prices import CANDIDATE_Z, Moves, times_at
from marketdata.quality.ratios import COMMON_RATIOS, Ratio, ratio_near
from marketdata.quality.report import ERROR, SPLIT, WARNING, Findings
from marketdata.quality.tally import Tally
from marketdata.timeframes import MINUTES_A_DAY, Timeframe, get_calendar

Ticks = NDArray[np.int64]
Floats = NDArray[np.float64]

TOLERANCE = 0.05
DAYS_AROUND = 20
"""Days before and after whose volume is compared."""
BARS_AROUND = 5
"""Bars before and after whose prices are compared."""
FLOOD = 4.0
MOST = 1_000
"""Jumps of one series that are looked at; with more than these its prices are no prices."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """By what a day's volume changes, NaN where there is none to compare; and whether a flood of it came at once."""

    change: float
    flooded: bool


def suspected_splits(
    columns: Columns,
    jumps: tuple[Ticks, Floats],
    moves: Moves,
    span: Timeframe,
    calendar: str,
    confirmed: Mapping[int, Ratio],
) -> tuple[Findings, Ticks]:
    """Return the suspected splits and their rows.

    A crash can land on the same fraction, but it comes with a flood of volume; a split leaves the money traded as it
    was, so that the first day's volume rises by the ratio at most. When the volume of the following weeks stays at the
    new level that the ratio predicts, the finding is an error, else a warning. `confirmed` holds the splits that an
    adjusted close beside the close tells of, by nanosecond: these are errors in any case.
    """
    market = get_calendar(calendar)
    a_day = max(1, min(market.minutes_a_day, MINUTES_A_DAY) // span.minutes)
    told = {row: ratio for tick, ratio in confirmed.items() if (row := _row_of(columns, tick)) > 0}
    found = []
    for row, ratio in sorted({**_near_ratios(jumps, moves), **told}.items()):
        seen = _volume_around(columns, row, a_day, ratio)
        if row in told or (not seen.flooded and _lasts(columns, row, ratio)):
            found.append((row, ratio, row in told, seen))
    tally, rows = Tally(SPLIT), np.array([row for row, *_ in found], dtype=np.int64)
    if found:
        time, ones = times_at(columns, rows), np.ones(len(rows), dtype=np.int64)
        sure = np.array([known or _agrees(seen, ratio) for _row, ratio, known, seen in found])
        old, new = (np.array([ratio[side] for _row, ratio, *_ in found]) for side in (0, 1))
        tally.add(
            time,
            time,
            ones,
            np.where(sure, ERROR, WARNING).astype(np.int64),
            np.abs(np.log(new / old)),
            old=old,
            new=new,
            known=np.array([known for *_, known, _seen in found]),
            jump=np.array([_jump(columns, row) for row, *_ in found]),
            change=np.array([seen.change for *_, seen in found]),
        )
    return tally.finish(_text, ratio=_ratio), rows


def _near_ratios(jumps: tuple[Ticks, Floats], moves: Moves) -> dict[int, Ratio]:
    """The rows that open at a simple fraction or multiple of the last close, unusually for their time."""
    rows, by = jumps
    unusual = np.isin(rows, moves.row[moves.score > CANDIDATE_Z])
    found: dict[int, Ratio] = {}
    with np.errstate(divide="ignore", over="ignore"):  # prices may lie further apart than a number can say
        shares = 1.0 / by[unusual][:MOST]
    for row, each in zip(rows[unusual][:MOST].tolist(), shares.tolist(), strict=True):
        ratio = ratio_near(each, among=COMMON_RATIOS, within=TOLERANCE)
        if ratio is not None:
            found[row] = ratio
    return found


def _lasts(columns: Columns, row: int, ratio: Ratio) -> bool:
    """Whether the price stays at its new level: a wrong price, and the way back from it, do not."""
    before = float(np.median(columns.read("close", max(0, row - BARS_AROUND), row)))
    after = float(np.median(columns.read("close", row, row + BARS_AROUND)))
    moved, predicted = math.log(after) - math.log(before), math.log(ratio[0] / ratio[1])
    return abs(moved - predicted) < abs(moved)


def _row_of(columns: Columns, tick: int) -> int:
    """The row of the bar at a time; -1 where there is none."""
    row = first_row_from(columns, tick)
    return row if row < len(columns) and int(columns.read("time", row, row + 1)[0]) == tick else -1


def _jump(columns: Columns, row: int) -> float:
    return float(columns.read("open", row, row + 1)[0] / columns.read("close", row - 1, row)[0])


def _volume_around(columns: Columns, row: int, a_day: int, ratio: Ratio) -> _Evidence:
    """Compare the volume of the days before and after a split of `ratio`."""
    before = _by_day(columns.read("volume", max(0, row - DAYS_AROUND * a_day), row)[::-1], a_day)
    after = _by_day(columns.read("volume", row, min(len(columns), row + DAYS_AROUND * a_day)), a_day)
    usual, later = (float(np.median(days)) if len(days) else 0.0 for days in (before, after))
    if usual <= 0.0:
        return _Evidence(math.nan, flooded=False)
    return _Evidence(later / usual, flooded=bool(after[0] > FLOOD * usual * max(1.0, ratio[1] / ratio[0])))


def _by_day(volume: NDArray[Any], a_day: int) -> Floats:
    """Volume per bar of each day's worth of bars; a last day of less than half its bars is left out."""
    whole = len(volume) // a_day
    days = volume[: whole * a_day].reshape(whole, a_day).mean(axis=1)
    rest = volume[whole * a_day :]
    found: Floats = (
        np.append(days, rest.mean()) if 2 * len(rest) > a_day or (len(rest) and not whole) else days
    )
    return found


def _agrees(seen: _Evidence, ratio: Ratio) -> bool:
    """Whether the volume's new level lies nearer to what the split predicts than to the old one."""
    if not seen.change > 0.0:
        return False
    moved, predicted = math.log(seen.change), math.log(ratio[1] / ratio[0])
    return abs(moved - predicted) < abs(moved)


def _ratio(values: dict[str, Any]) -> Ratio:
    return values["old"], values["new"]


def _text(values: dict[str, Any]) -> str:
    old, new = _ratio(values)
    said = (
        f"Looks like a {new} for {old} split that was not adjusted: "
        f"the price opens at {values['jump']:.3g} times the last close"
    )
    if values["known"]:
        return f"{said}, and the adjusted close beside it tells of the split"
    if not values["change"] > 0.0:
        return f"{said}; there is no volume to tell by"
    verdict = "as after a split" if values["severity"] == ERROR else "which does not prove it"
    return f"{said}, and the volume is {values['change']:.2g} times that before, {verdict}"
