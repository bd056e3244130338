"""Whether features look ahead: each is computed again without the future, and with another one.

A feature at bar t may depend on bars up to and including t. So at hundreds of places of the period the bars after the
place are replaced by later ones that go the other way, at some also by ones that go the same way further, and there
they are taken away, too; what changes at or before the place has looked ahead. This finds what the tests of our own
features cannot know: one that a plug-in registers, or a strategy of the user's. What leaks at few bars shows only where
one of them is a place, so the places are many, drawn for the data at hand, and the audit says how rare a leak it would
have found. What does not follow from the bars at all is refused, too.

Many places are looked at together first (`screening`). Where a feature differs there, and at some places in any case,
it is looked at alone and exactly: only that names a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.audit.detached import detached
from mlmodels.audit.futures import AFTER, change, drawn_places, rows, with_future
from mlmodels.audit.result import Audit, Leak, caught, said
from mlmodels.audit.screening import screened, worthwhile
from mlmodels.draws import draws
from mlmodels.features import FeatureTable, StrategyFeatures, get_feature
from mlmodels.features.registry import Feature
from mlmodels.features.table import compute, compute_values

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

FEWEST_PLACES, MOST_PLACES = 320, 1_000
"""320 places find what leaks at one bar in a hundred in 96 of 100 cases."""
WORK = 14_000
"""Features times places. Fewer features are looked at in more places."""
FEATURES_OF_A_STRATEGY = 10
"""As many features cost what one strategy does."""
CUT_PLACES = 12
"""Where the bars are taken away, too: what depends on their number shows at any place."""
FEWEST_BEFORE = 384
"""As far back as places that are looked at together are compared, so that what was suspected there is seen again."""
FURTHER = 4
SHARED = 256
"""How far places may be apart whose bars before any change are computed once."""
SCREENING = 0.5
"""Share of the ticks that looking at many places together has."""


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
    At a place that is looked at alone only the bars around it are computed, first as they are and then changed, both
    beginning at the same bar: so features that remember for ever are compared exactly. The bars before are as many as
    it takes for each feature to have the values that it has in the whole period. One cut at the last place computes the
    whole period, for what reaches further ahead.
    """
    chosen, others = tuple(get_feature(name) for name in names), tuple(strategies)
    table = table or compute(chosen, bars, others)
    asked = _Asked(bars, chosen, others, table)
    weight = len(chosen) + FEATURES_OF_A_STRATEGY * len(others)
    wanted = min(MOST_PLACES, max(FEWEST_PLACES, WORK // max(1, weight)))
    where = drawn_places(asked.warmup, len(bars), wanted, draws(bars, seed, "audit")).tolist()
    leaks = _leaks(asked, where, tick)
    unrelated = detached(bars, asked.values, table.values)
    return Audit(
        features=len(table.names),
        places=len(where),
        rare_caught=caught(len(where), len(bars) - 1 - asked.warmup),
        leaks=tuple(leaks[name] for name in table.names if name in leaks),
        detached=tuple(name for name, alone in zip(table.names, unrelated, strict=True) if alone),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """The bars, and the features that are audited."""

    bars: Bars
    features: tuple[Feature, ...]
    strategies: tuple[StrategyFeatures, ...]
    table: FeatureTable

    @property
    def warmup(self) -> int:
        warmups = [each.warmup for each in self.features] + [each.warmup for each in self.strategies]
        return max(warmups, default=0)

    def values(self, bars: Bars, columns: Flags | None = None) -> Floats:
        """Some columns of other bars, or all; shape (n_bars, n_columns)."""
        if columns is None or columns.all():
            return compute_values(self.features, bars, self.strategies)
        count = len(self.features)
        chosen = [feature for feature, one in zip(self.features, columns[:count], strict=True) if one]
        if not columns[count:].any():
            return compute_values(chosen, bars)
        found = compute_values(chosen, bars, self.strategies)
        return found[:, np.concatenate((np.ones(len(chosen), dtype=np.bool_), columns[count:]))]


def _leaks(asked: _Asked, places: Sequence[int], tick: Callable[[float], None]) -> dict[str, Leak]:
    """The first leak found of each feature that has one, by name."""
    if not places:
        return {}
    suspects = _suspects(asked, places, tick)
    cut = {places[number] for number in np.linspace(0, len(places) - 1, CUT_PLACES, dtype=np.int64)}
    everything = np.ones(len(asked.table.names), dtype=np.bool_)
    numbers = {place: number for number, place in enumerate(places)}
    found: dict[str, Leak] = {}
    for group in _groups(sorted({*suspects, *cut})):
        wanted = np.logical_or.reduce([everything if place in cut else suspects[place] for place in group])
        columns = wanted & np.array([name not in found for name in asked.table.names])
        if not columns.any():
            continue
        for place, start, before, after in _comparisons(asked, group, columns, numbers, cut):
            _keep(found, asked, columns, place, start, before, after)
            tick(1.0 - SCREENING * (1.0 - numbers[place] / len(places)))
    # The whole period without its last bar, for what reaches further than the bars around a place.
    last = places[-1]
    without_the_end = asked.values(asked.bars.head(last + 1))
    _keep(found, asked, everything, last, 0, asked.table.values[: last + 1], without_the_end)
    return found


def _keep(
    found: dict[str, Leak],
    asked: _Asked,
    columns: Flags,
    place: int,
    start: int,
    before: Floats,
    after: Floats,
) -> None:
    """Add a leak for each of the columns whose values, from bar `start` to the place, are not what they were."""
    changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    names = [asked.table.names[column] for column in np.flatnonzero(columns)]
    for number in np.flatnonzero(changed.any(axis=0)):
        bar = start + int(np.flatnonzero(changed[:, number])[-1])
        found.setdefault(names[number], Leak(names[number], bar, place, said(asked.bars.time[bar])))


def _suspects(asked: _Asked, places: Sequence[int], tick: Callable[[float], None]) -> dict[int, Flags]:
    """The places at which features have to be looked at alone, and which."""
    if not worthwhile(asked.bars, places, asked.warmup):
        return {place: np.ones(len(asked.table.names), dtype=np.bool_) for place in places}
    found: dict[int, Flags] = {}
    done = 0
    changes = [change(number) for number in range(len(places))]
    for some, flags in screened(asked.bars, asked.values, asked.table.values, places, changes, asked.warmup):
        found.update((place, one) for place, one in zip(some, flags, strict=True) if one.any())
        done += len(some)
        tick(SCREENING * done / len(places))
    return found


def _comparisons(
    asked: _Asked, group: list[int], columns: Flags, numbers: Mapping[int, int], cut: set[int]
) -> Iterator[tuple[int, int, Floats, Floats]]:
    """A place, the first bar of a part around it, and the part's values up to the place as they are and changed."""
    start, part, values = _around(asked, group, columns)
    for place in group:
        known = place - start
        before = values[: known + 1]
        if place in cut:
            yield place, start, before, asked.values(part.head(known + 1), columns)
            along = with_future(part, known, replace(change(numbers[place]), against=False))
            yield place, start, before, asked.values(along, columns)[: known + 1]
        other = with_future(part, known, change(numbers[place]))
        yield place, start, before, asked.values(other, columns)[: known + 1]


def _groups(places: Sequence[int]) -> Iterator[list[int]]:
    """Neighbouring places, no further apart than SHARED bars."""
    group: list[int] = []
    for place in places:
        if group and place - group[0] > SHARED:
            yield group
            group = []
        group.append(place)
    yield from [group] if group else []


def _around(asked: _Asked, places: list[int], columns: Flags) -> tuple[int, Bars, Floats]:
    """First bar of a part around the places, the part, and its values.

    It reaches as far back as it must for each feature that has a value at a place to have one.
    """
    bars, at = asked.bars, np.array(places)
    known = np.isfinite(asked.table.values[at][:, columns])
    stop = min(len(bars), places[-1] + 1 + AFTER)
    before = 2 * asked.warmup + FEWEST_BEFORE
    while True:
        start = max(0, places[0] - before)
        if start == 0 and stop == len(bars):
            return 0, bars, asked.table.values[:, columns]
        part = rows(bars, start, stop)
        values = asked.values(part, columns)
        if start == 0 or not (known & ~np.isfinite(values[at - start])).any():
            return start, part, values
        before *= FURTHER
