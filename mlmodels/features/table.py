"""Features of some bars as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.features.columns import Columns
from mlmodels.features.from_strategies import StrategyFeatures
from mlmodels.features.registry import Feature, get_feature

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = NDArray[np.float64]

MANY_BARS = 100_000
"""From here on a second thread saves more than it costs; it runs for hundredths of a second, so jobs do not thrash."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """Features of some bars: `values` has shape (n_bars, n_features), NaN where a feature has no value.

    Columns are contiguous, rows are not.
    """

    time: NDArray[np.datetime64]
    names: tuple[str, ...]
    values: Floats

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which rows have a value in every column, shape (n_bars,)."""
        complete = np.ones(len(self.values), dtype=np.bool_)
        for column in self.values.T:
            complete &= np.isfinite(column)
        return complete

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a UTC DatetimeIndex and one column a feature."""
        import pandas as pd  # heavy, and only notebooks speak of frames

        index = pd.DatetimeIndex(self.time, name="time").tz_localize("UTC")
        return pd.DataFrame(self.values, index=index, columns=list(self.names))


def warmup_of(names: Iterable[str], strategies: Iterable[StrategyFeatures] = ()) -> int:
    """The first row at which all of these features can have a value; 0 where there are none."""
    warmups = [get_feature(name).warmup for name in names] + [each.warmup for each in strategies]
    return max(warmups, default=0)


def prepare(
    bars: Bars,
    names: Iterable[str],
    strategies: Iterable[StrategyFeatures] = (),
    *,
    threads: int | None = None,
) -> FeatureTable:
    """Compute features.

    Parameters
    ----------
    bars : Bars
        Oldest first; a value at row t uses rows up to t.
    names : iterable of str
        Features, in the order of the columns.
    strategies : iterable of StrategyFeatures
        Strategies whose indicators and positions follow as further columns.
    threads : int, optional
        How many features are computed at a time; two of many bars and one of few where it is left out. The values
        are the same to the bit.

    Returns
    -------
    FeatureTable
        Values of shape (n_bars, n_features); too few bars give NaN throughout.
    """
    return compute([get_feature(name) for name in names], bars, strategies, threads=threads)


def compute(
    features: Sequence[Feature],
    bars: Bars,
    strategies: Iterable[StrategyFeatures] = (),
    *,
    threads: int | None = None,
) -> FeatureTable:
    """`prepare` of features that are looked up already."""
    more = [column for each in strategies for column in each.columns(bars)]
    rows = np.empty((len(features) + len(more), len(bars)))
    _fill(features, bars, rows, threads or (2 if len(bars) >= MANY_BARS else 1))
    for place, (_, values) in enumerate(more, start=len(features)):
        rows[place] = values
    title = (*(feature.name for feature in features), *(name for name, _ in more))
    return FeatureTable(bars.time, title, rows.T)


def compute_values(
    features: Sequence[Feature], bars: Bars, strategies: Iterable[StrategyFeatures] = ()
) -> Floats:
    """The values of `compute` alone, for those who compute the same for other bars again and again.

    Shape (n_bars, n_features), those of `strategies` last; NaN where a feature has too few bars. Row t uses bars up
    to t.
    """
    more = [values for each in strategies for _, values in each.columns(bars)]
    rows = np.empty((len(features) + len(more), len(bars)))
    _fill(features, bars, rows, threads=1)
    for place, values in enumerate(more, start=len(features)):
        rows[place] = values
    return rows.T


def _fill(features: Sequence[Feature], bars: Bars, rows: Floats, threads: int) -> None:
    columns = Columns(bars)

    def fill(place: int) -> None:
        features[place].fill(columns, rows[place])

    _each(fill, len(features), threads)


def _each(work: Callable[[int], None], count: int, threads: int) -> None:
    if threads == 1:
        for place in range(count):
            work(place)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="features") as pool:
        list(pool.map(work, range(count)))
