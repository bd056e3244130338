"""A first look at many places at once, which says at which of them a feature has to be looked at alone.

Most features forget: some hundred bars after a changed stretch they are again what they were. So one copy of the period
holds many short changed stretches, far enough apart for that, and before each of them the features must be those of the
unchanged period, to the last bit. An average that never forgets altogether still differs by a trace of the stretch
before; what is no more than such a trace is let pass, and anything else is looked at again, alone and exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.audit.futures import AFTER, LATER, Change, with_bursts

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

BEFORE = 128
"""Bars up to a place that are compared: with those changed after it, what looks up to 191 bars ahead shows. In features
that have forgotten sooner the bars of FORGETTING are compared, too, which is 447 bars ahead."""
FORGETTING = 256
"""Bars beyond the warm-up after which a changed stretch is forgotten, but for a trace."""
TRACE = 1e-6
"""Of a feature's deviation: what is left of a changed stretch is far less, what a model could use is far more."""
SPREAD_ROWS = 2_000
FEWEST_STRETCHES = 4
"""In shorter periods a copy would hold so few changed stretches that it saves nothing."""
LAST_TIME = np.datetime64("2240-01-01", "ns")
"""The clock of bars ends in 2262; stretches move what follows on by a month each."""


def worthwhile(bars: Bars, places: Sequence[int], warmup: int) -> bool:
    """Whether this is cheaper than looking at each place alone, and the changed times can be told."""
    room = bool(len(bars)) and bars.time[-1] + len(places) * max(LATER) < LAST_TIME
    return room and len(bars) >= FEWEST_STRETCHES * _apart(warmup)


def screened(
    bars: Bars,
    values_of: Callable[[Bars], Floats],
    whole: Floats,
    places: Sequence[int],
    changes: Sequence[Change],
    warmup: int,
) -> Iterator[tuple[list[int], Flags]]:
    """Some of the places, rising, and which features have to be looked at there; (n_places, n_features).

    Parameters
    ----------
    values_of : callable
        Gives the features of bars, shape (n_bars, n_features).
    whole : ndarray
        What it gives for these bars.
    places, changes : sequence
        After which bars, rising, the next AFTER are changed, and how.
    """
    noise = TRACE * _deviations(whole)
    for numbers in _copies(places, _apart(warmup)):
        chosen = [places[number] for number in numbers]
        changed = values_of(with_bursts(bars, chosen, [changes[number] for number in numbers], length=AFTER))
        yield chosen, _suspects(whole, changed, chosen, noise)


def _apart(warmup: int) -> int:
    return AFTER + warmup + FORGETTING + BEFORE


def _copies(places: Sequence[int], apart: int) -> list[list[int]]:
    """The numbers of the places, dealt out to as few copies as hold them that far apart."""
    copies: list[list[int]] = []
    oldest = 0
    for number, place in enumerate(places):
        # Dealt in turns, the copy whose last place is the earliest is always the next one.
        if copies and place - places[copies[oldest][-1]] >= apart:
            copies[oldest].append(number)
            oldest = (oldest + 1) % len(copies)
        else:
            copies.insert(oldest, [number])
            oldest = (oldest + 1) % len(copies)
    return copies


def _suspects(whole: Floats, changed: Floats, places: Sequence[int], noise: Floats) -> Flags:
    """Which features differ before which places by more than a trace of what was changed before."""
    plain, other = _bits(whole), _bits(changed)
    found = np.zeros((len(places), len(noise)), dtype=np.bool_)
    for number, place in enumerate(places):
        stretch = slice(max(0, place - BEFORE - FORGETTING + 1), place + 1)
        differ = plain[:, stretch] != other[:, stretch]
        columns = np.flatnonzero(differ.any(axis=1))
        if columns.size:
            # A trace is there from the first bar on; what comes later comes from the other side.
            remembered = differ[columns, 0]
            near = differ[columns, -BEFORE:]
            stretch = slice(max(0, place - BEFORE + 1), place + 1)
            apart = np.abs(changed.T[columns, stretch] - whole.T[columns, stretch])
            slight = (apart <= noise[columns, np.newaxis]) | ~near
            forgotten = ~near.any(axis=1) | (near[:, 0] & slight.all(axis=1))
            found[number, columns] = ~(remembered & forgotten)
    return found


def _bits(values: Floats) -> NDArray[np.int64]:
    return np.ascontiguousarray(values.T).view(np.int64)


def _deviations(values: Floats) -> Floats:
    """The deviation of each column; 0, which no trace is below, where it has no values."""
    some = values[:: max(1, len(values) // SPREAD_ROWS)]
    return np.array(
        [_spread(known) if (known := column[np.isfinite(column)]).size else 0.0 for column in some.T]
    )


def _spread(known: Floats) -> float:
    """The deviation, or what half of the values lie within: a few outliers must not make all else a trace."""
    low, high = np.quantile(known, [0.25, 0.75])
    return float(min(known.std(), high - low))
