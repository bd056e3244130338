"""Other futures of the same bars, and the places after which they begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, PRICES, Bars

Indices: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

AFTER = 64
"""Bars after a place that are changed."""
DEARER = 1.3
"""By how much the first changed bar is dearer or cheaper than the place, and its volume larger or smaller."""
LATER = (np.timedelta64(25 * 60 + 17, "m"), np.timedelta64(41 * 24 * 60 + 43, "m"))
"""By how much the changed bars come later, in turns: another hour and day, and another month."""


@dataclass(frozen=True, slots=True)
class Change:
    """How bars after a place are changed.

    against : whether the first of them goes the other way than the next bar did: what knows no more of it than its
        direction then shows for certain
    later : by how much they come later
    """

    against: bool
    later: np.timedelta64


def change(number: int) -> Change:
    """What is changed after the place of that number: a day and a month later in turns."""
    return Change(True, LATER[number % 2])


def spread_places(first: int, count: int, places: int) -> Indices:
    """Places from `first` to the last bar but one, evenly spread."""
    last = count - 2
    if last < first:
        return np.empty(0, dtype=np.int64)
    spread = first + (last - first) * (np.arange(places) + 0.5) / places
    return np.unique(spread.astype(np.int64))


def drawn_places(first: int, count: int, places: int, rng: np.random.Generator) -> Indices:
    """One place in each of as many equal stretches from `first` to the last bar but one, and the last of these."""
    last = count - 2
    if last - first < places:
        return np.arange(first, last + 1)
    edges = np.linspace(first, last, places).astype(np.int64)
    return np.append(rng.integers(edges[:-1], edges[1:]), last)


def rows(bars: Bars, start: int, stop: int) -> Bars:
    """The bars from `start` to before `stop`; views, nothing is copied or checked."""
    return Bars.trusted(**{name: getattr(bars, name)[start:stop] for name in ("time", *COLUMNS)})


def with_future(bars: Bars, place: int, changed: Change) -> Bars:
    """Other bars after the place: the same ones backwards, so that each has another shape, dearer or cheaper, later."""
    return with_bursts(bars, [place], [changed], length=len(bars))


def with_bursts(bars: Bars, places: Sequence[int], changes: Sequence[Change], *, length: int) -> Bars:
    """Other bars for a length after each place, and then the same ones again, which all come later than they did."""
    delays = np.zeros(len(bars), dtype="timedelta64[m]")
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for place, changed in zip(places, changes, strict=True):
        delays[place + 1 : place + 2] += changed.later
        burst = slice(place + 1, min(len(bars), place + 1 + length))
        price = _factor(bars.close, place, burst.stop - 1, changed.against)
        volume = _factor(bars.volume, place, burst.stop - 1, changed.against)
        for name, values in columns.items():
            values[burst] = getattr(bars, name)[burst][::-1] * (price if name in PRICES else volume)
            if name not in PRICES:
                values[burst] += 1.0  # a future without any volume is another one, too
    return Bars.trusted(time=bars.time + np.cumsum(delays), **columns)


def _factor(values: Floats, place: int, last: int, against: bool) -> float:
    """Makes the last of the changed values, which comes first, larger or smaller than that at the place."""
    now, following, first = (float(values[row]) for row in (place, min(place + 1, last), last))
    away = DEARER if (following <= now) is against else 1.0 / DEARER
    return away * now / first if now > 0.0 and first > 0.0 else away
