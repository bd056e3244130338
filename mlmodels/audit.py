"""Whether features look ahead: each is computed again without the future, and with another one.

A feature at bar t may depend on bars up to and including t. So at several places of the period the bars after the place
are taken away, and replaced by dearer or, in turns, by cheaper ones; what changes at or before the place has looked
ahead. This finds what the tests of our own features cannot know: one that a plug-in registers, or a strategy of the
user's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, PRICES, Bars
from mlmodels.errors import TrainingError
from mlmodels.features import FeatureTable, StrategyFeatures, get_feature
from mlmodels.features.table import compute
from mlmodels.labels import Labels

Floats: TypeAlias = NDArray[np.float64]
Computed: TypeAlias = Callable[[Bars], Floats]

PLACES = 12
"""Where the future is changed. What looks ahead everywhere shows at the first; what does so seldom needs more."""
FEWEST_BEFORE = 256
FURTHER = 4
AFTER = 256
DEARER = 1.3


@dataclass(frozen=True, slots=True)
class Leak:
    """A value at bar `bar` that changed although only bars after bar `after` did; both count from 0, time is UTC."""

    name: str
    bar: int
    after: int
    time: str

    @property
    def message(self) -> str:
        return (
            f"The feature {self.name} at bar {self.bar:,} ({self.time}) changes when bars after bar {self.after:,} "
            "change, so it knows the future."
        )


@dataclass(frozen=True, slots=True)
class Audit:
    """How many features were audited at how many places, and those that look ahead, each with the first place found."""

    features: int
    places: int
    leaks: tuple[Leak, ...]

    @property
    def passed(self) -> bool:
        return not self.leaks

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {"features": self.features, "places": self.places, "passed": self.passed}

    def require_passed(self) -> None:
        """Raise TrainingError naming every feature that looks ahead."""
        if self.leaks:
            remedy = (
                "Leave it out, or correct it." if len(self.leaks) == 1 else "Leave them out, or correct them."
            )
            said = [leak.message for leak in self.leaks]
            raise TrainingError(f"{' '.join(said)} {remedy}", fields={"features": said})


def audit_features(
    bars: Bars,
    names: Iterable[str],
    strategies: Iterable[StrategyFeatures] = (),
    *,
    table: FeatureTable | None = None,
    places: int = PLACES,
) -> Audit:
    """Look for features that change before a place when bars after it are cut off or others.

    Parameters
    ----------
    bars : Bars
    names, strategies
        As for `prepare`.
    table : FeatureTable, optional
        What `prepare` gave for them, where it is known already.
    places : int
        Spread evenly between the warm-up and the last bar but one; fewer where there are fewer bars.

    Returns
    -------
    Audit

    Notes
    -----
    At a place only the bars around it are computed, first as they are and then changed, both beginning at the same bar:
    so features that remember for ever are compared exactly, and the cost does not grow with the period. The bars before
    are as many as it takes for each feature to have the values that it has in the whole period. One cut at the last
    place computes the whole period, for what reaches further ahead.
    """
    chosen, others = [get_feature(name) for name in names], tuple(strategies)

    def values_of(some: Bars) -> Floats:
        return compute(chosen, some, others).values

    table = table or compute(chosen, bars, others)
    warmup = max([feature.warmup for feature in chosen] + [each.warmup for each in others], default=0)
    where = _places(warmup, len(bars), places)
    found: dict[str, Leak] = {}
    for place, start, before, after in _comparisons(bars, values_of, table.values, where, warmup):
        changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        for column in np.flatnonzero(changed.any(axis=0)):
            name, bar = table.names[column], start + int(np.flatnonzero(changed[:, column])[-1])
            found.setdefault(name, Leak(name, bar, place, _said(bars.time[bar])))
    return Audit(len(table.names), where.size, tuple(found[name] for name in table.names if name in found))


def audit_labels(bars: Bars, make: Callable[[Bars], Labels], *, places: int = PLACES) -> tuple[Leak, ...]:
    """Look for labels that depend on bars after their `end`, at most one a place; `make` gives the labels of bars.

    Purging trusts `end`: a label that looked further would carry a test's bars into its training.
    """
    labels = make(bars)
    rows = np.flatnonzero(labels.known)
    reach = int((labels.end[rows] - rows).max()) if rows.size else 0
    found = []
    for place in _places(0, len(bars), places):
        start, stop = max(0, place - reach - FEWEST_BEFORE), min(len(bars), place + 2 * reach + AFTER)
        part = _rows(bars, start, stop)
        plain = make(part)
        settled = np.flatnonzero(plain.known & (plain.end <= place - start))
        moved = np.zeros(settled.size, dtype=np.bool_)
        for factor in (DEARER, 1.0 / DEARER):
            other = make(_with_future(part, place - start, factor))
            for name in ("returns", "up", "end", "exit"):
                moved |= getattr(plain, name)[settled] != getattr(other, name)[settled]
        if moved.any():
            row = int(settled[moved][-1])
            found.append(Leak("label", start + row, start + int(plain.end[row]), _said(part.time[row])))
    return tuple(found)


def _places(warmup: int, count: int, places: int) -> NDArray[np.int64]:
    first, last = warmup, count - 2
    if last < first:
        return np.empty(0, dtype=np.int64)
    spread = first + (last - first) * (np.arange(places) + 0.5) / places
    return np.unique(spread.astype(np.int64))


def _comparisons(
    bars: Bars, values_of: Computed, whole: Floats, places: NDArray[np.int64], warmup: int
) -> Iterator[tuple[int, int, Floats, Floats]]:
    """A place, the first bar of a part around it, and the part's values up to the place as they are and changed."""
    for number, place in enumerate(places.tolist()):
        start, part, values = _around(bars, values_of, whole, place, 2 * warmup + FEWEST_BEFORE)
        known = place - start
        before = values[: known + 1]
        yield place, start, before, values_of(part.head(known + 1))
        factor = 1.0 / DEARER if number % 2 else DEARER
        yield place, start, before, values_of(_with_future(part, known, factor))[: known + 1]
    if places.size and len(part) < len(bars):
        yield place, 0, whole[: place + 1], values_of(bars.head(place + 1))


def _around(
    bars: Bars, values_of: Computed, whole: Floats, place: int, before: int
) -> tuple[int, Bars, Floats]:
    """First bar of a part around the place, the part, and its values.

    It reaches as far back as it must for each feature that has a value at the place to have one.
    """
    stop = min(len(bars), place + 1 + AFTER)
    while True:
        start = max(0, place - before)
        if start == 0 and stop == len(bars):
            return 0, bars, whole
        part = _rows(bars, start, stop)
        values = values_of(part)
        if start == 0 or not (np.isfinite(whole[place]) & ~np.isfinite(values[place - start])).any():
            return start, part, values
        before *= FURTHER


def _rows(bars: Bars, start: int, stop: int) -> Bars:
    return Bars.trusted(**{name: getattr(bars, name)[start:stop] for name in ("time", *COLUMNS)})


def _with_future(bars: Bars, place: int, factor: float) -> Bars:
    """Other bars after the place: the same ones backwards, so that each has another shape, and at another level."""
    after = np.arange(place + 1, len(bars))
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name, values in columns.items():
        values[after] = values[after[::-1]] * factor
        if name not in PRICES:
            values[after] += 1.0  # a future without any volume is another one, too
    return Bars.trusted(time=bars.time, **columns)


def _said(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="s")).replace("T", " ")
