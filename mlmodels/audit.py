"""Whether features look ahead: each is computed again without the future, and with another one.

A feature at bar t may depend on bars up to and including t. So at hundreds of places of the period the bars after the
place are replaced by later ones that are dearer or, in turns, cheaper, and at some they are taken away; what changes at
or before the place has looked ahead. This finds what the tests of our own features cannot know: one that a plug-in
registers, or a strategy of the user's. What leaks at few bars shows only where one of them is a place, so the places
are many, drawn for the data at hand, and the audit says how rare a leak it would have found. What does not follow from
the bars at all is refused, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import lgamma
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, PRICES, Bars
from mlmodels.draws import draws
from mlmodels.errors import TrainingError
from mlmodels.features import FeatureTable, StrategyFeatures, get_feature
from mlmodels.features.table import compute, compute_values
from mlmodels.labels import Labels
from mlmodels.sensitivity import detached

Floats: TypeAlias = NDArray[np.float64]
Computed: TypeAlias = Callable[[Bars], Floats]

FEWEST_PLACES, MOST_PLACES = 320, 1_000
"""320 places find what leaks at one bar in a hundred in 96 of 100 cases."""
WORK = 14_000
"""Features times places: about 0.1 s of a processor. Fewer features are looked at in more places."""
FEATURES_OF_A_STRATEGY = 10
"""As many features cost what one strategy does."""
CUT_PLACES = 12
"""Where the bars are taken away, too: what depends on their number shows at any place."""
LABEL_PLACES = 12
FEWEST_BEFORE = 256
FURTHER = 4
AFTER, SHARED = 64, 256
"""Bars after a place, and how far places may be apart whose bars before any change are computed once."""
DEARER = 1.3
LATER = (np.timedelta64(25 * 60 + 17, "m"), np.timedelta64(41 * 24 * 60 + 43, "m"))
"""By how much the changed bars come later, in turns: another hour and day, and another month."""
RARE = 0.01


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
    """How many features were audited at how many places, and those that look ahead, each with the first place found.

    detached : those that stay what they are when the bars are exchanged, and are none of the calendar
    rare_caught : the chance that a place fell on a feature's leak that shows at one bar in a hundred; None without one
    """

    features: int
    places: int
    rare_caught: float | None
    leaks: tuple[Leak, ...]
    detached: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.leaks and not self.detached

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a report."""
        return {
            "features": self.features,
            "places": self.places,
            "rare_caught": self.rare_caught,
            "passed": self.passed,
        }

    def require_passed(self) -> None:
        """Raise TrainingError naming every feature that looks ahead or does not follow from the bars."""
        said = [leak.message for leak in self.leaks]
        said += [
            f"The feature {name} does not follow from the bars: it stays the same when their prices and volumes are "
            "exchanged."
            for name in self.detached
        ]
        if said:
            remedy = "Leave it out, or correct it." if len(said) == 1 else "Leave them out, or correct them."
            raise TrainingError(f"{' '.join(said)} {remedy}", fields={"features": said})


def audit_features(
    bars: Bars,
    names: Iterable[str],
    strategies: Iterable[StrategyFeatures] = (),
    *,
    table: FeatureTable | None = None,
    seed: int = 0,
    tick: Callable[[float], None] = lambda share: None,
) -> Audit:
    """Look for features that change before a place when bars after it are others or cut off.

    Parameters
    ----------
    bars : Bars
    names, strategies
        As for `prepare`.
    table : FeatureTable, optional
        What `prepare` gave for them, where it is known already.
    seed : int
        With the bars it decides on the places: one in each of as many equal stretches from the warm-up to the last
        bar but one, and the last of these bars.
    tick : callable
        Called with the share done; what it raises ends the audit.

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
        return compute_values(chosen, some, others)

    table = table or compute(chosen, bars, others)
    warmup = max([feature.warmup for feature in chosen] + [each.warmup for each in others], default=0)
    weight = len(chosen) + FEATURES_OF_A_STRATEGY * len(others)
    wanted = min(MOST_PLACES, max(FEWEST_PLACES, WORK // max(1, weight)))
    where = _drawn_places(warmup, len(bars), wanted, draws(bars, seed, "audit"))
    found: dict[str, Leak] = {}
    for place, start, before, after in _comparisons(bars, values_of, table.values, where, warmup):
        changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        for column in np.flatnonzero(changed.any(axis=0)):
            name, bar = table.names[column], start + int(np.flatnonzero(changed[:, column])[-1])
            found.setdefault(name, Leak(name, bar, place, _said(bars.time[bar])))
        tick((place - warmup + 1) / (len(bars) - 1 - warmup))
    unrelated = detached(bars, values_of, table.values)
    return Audit(
        features=len(table.names),
        places=where.size,
        rare_caught=caught(where.size, len(bars) - 1 - warmup),
        leaks=tuple(found[name] for name in table.names if name in found),
        detached=tuple(name for name, alone in zip(table.names, unrelated, strict=True) if alone),
    )


def caught(places: int, bars: int, share: float = RARE) -> float | None:
    """The chance that of `bars` bars, a share of which leaks, one that leaks is among the places; None without a place.

    Hypergeometric: places are drawn without putting back. At least one bar is taken to leak.
    """
    if not places:
        return None
    leaking = max(1, round(share * bars))
    sound = bars - leaking
    if places > sound:
        return 1.0
    missed = lgamma(sound + 1) - lgamma(sound - places + 1) - lgamma(bars + 1) + lgamma(bars - places + 1)
    return float(1.0 - np.exp(missed))


def audit_labels(
    bars: Bars, make: Callable[[Bars], Labels], *, places: int = LABEL_PLACES
) -> tuple[Leak, ...]:
    """Look for labels that depend on bars after their `end`, at most one a place; `make` gives the labels of bars.

    Purging trusts `end`: a label that looked further would carry a test's bars into its training.
    """
    labels = make(bars)
    rows = np.flatnonzero(labels.known)
    reach = int((labels.end[rows] - rows).max()) if rows.size else 0
    found = []
    for place in _places(0, len(bars), places):
        start, stop = max(0, place - reach - FEWEST_BEFORE), min(len(bars), place + 2 * reach + FEWEST_BEFORE)
        part = _rows(bars, start, stop)
        plain = make(part)
        settled = np.flatnonzero(plain.known & (plain.end <= place - start))
        moved = np.zeros(settled.size, dtype=np.bool_)
        for factor in (DEARER, 1.0 / DEARER):
            other = make(_with_future(part, place - start, factor, LATER[0]))
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


def _drawn_places(warmup: int, count: int, places: int, rng: np.random.Generator) -> NDArray[np.int64]:
    first, last = warmup, count - 2
    if last - first < places:
        return np.arange(first, last + 1)
    edges = np.linspace(first, last, places).astype(np.int64)
    return np.append(rng.integers(edges[:-1], edges[1:]), last)


def _comparisons(
    bars: Bars, values_of: Computed, whole: Floats, places: NDArray[np.int64], warmup: int
) -> Iterator[tuple[int, int, Floats, Floats]]:
    """A place, the first bar of a part around it, and the part's values up to the place as they are and changed."""
    cut = (
        set(places[np.linspace(0, places.size - 1, CUT_PLACES).astype(np.int64)].tolist())
        if places.size
        else set()
    )
    number = 0
    for group in _groups(places):
        start, part, values = _around(bars, values_of, whole, group, 2 * warmup + FEWEST_BEFORE)
        for place in group:
            known = place - start
            before = values[: known + 1]
            if place in cut:
                yield place, start, before, values_of(part.head(known + 1))
            factor, later = 1.0 / DEARER if number % 2 else DEARER, LATER[number // 2 % 2]
            yield place, start, before, values_of(_with_future(part, known, factor, later))[: known + 1]
            number += 1
    if places.size and len(part) < len(bars):
        yield place, 0, whole[: place + 1], values_of(bars.head(place + 1))


def _groups(places: NDArray[np.int64]) -> Iterator[list[int]]:
    """Neighbouring places, no further apart than SHARED bars."""
    group: list[int] = []
    for place in places.tolist():
        if group and place - group[0] > SHARED:
            yield group
            group = []
        group.append(place)
    yield from [group] if group else []


def _around(
    bars: Bars, values_of: Computed, whole: Floats, places: list[int], before: int
) -> tuple[int, Bars, Floats]:
    """First bar of a part around the places, the part, and its values.

    It reaches as far back as it must for each feature that has a value at a place to have one.
    """
    stop = min(len(bars), places[-1] + 1 + AFTER)
    while True:
        start = max(0, places[0] - before)
        if start == 0 and stop == len(bars):
            return 0, bars, whole
        part = _rows(bars, start, stop)
        values = values_of(part)
        rows = np.array(places)
        if start == 0 or not (np.isfinite(whole[rows]) & ~np.isfinite(values[rows - start])).any():
            return start, part, values
        before *= FURTHER


def _rows(bars: Bars, start: int, stop: int) -> Bars:
    return Bars.trusted(**{name: getattr(bars, name)[start:stop] for name in ("time", *COLUMNS)})


def _with_future(bars: Bars, place: int, factor: float, later: np.timedelta64) -> Bars:
    """Other bars after the place: the same ones backwards, so that each has another shape, dearer and later."""
    after = slice(place + 1, len(bars))
    time = bars.time.copy()
    time[after] += later
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name, values in columns.items():
        values[after] = getattr(bars, name)[after][::-1] * factor
        if name not in PRICES:
            values[after] += 1.0  # a future without any volume is another one, too
    return Bars.trusted(time=time, **columns)


def _said(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="s")).replace("T", " ")
