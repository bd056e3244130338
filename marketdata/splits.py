"""Adjusting prices and volume for splits: what was traded before is said in the shares of today."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from operator import mul
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import InvalidInput, shown
from marketdata.bars import COLUMNS, PRICES, Bars, boundary
from marketdata.columns import Columns, blocks
from marketdata.errors import MarketDataError

LARGEST_RATIO = 10_000
_FINEST = 10_000
"""Ratios are read as fractions of whole shares: 0.3333333 is one for three."""


class SplitInvalid(MarketDataError, InvalidInput):
    """A split that cannot be adjusted for."""

    code = "split_invalid"


@dataclass(frozen=True, slots=True)
class Split:
    """`ratio` new shares for each old one: 4 for four to one, Fraction(1, 10) for one to ten.

    `time` is UTC: the first bar at or after it trades after the split.
    """

    time: np.datetime64
    ratio: Fraction

    @classmethod
    def of(cls, time: np.datetime64 | str, ratio: float | Fraction) -> Self:
        """Read a split; a ratio that is not whole is taken for the nearest one of whole shares.

        Raises
        ------
        SplitInvalid
            A ratio that is no finite number within 1/10000 to 10000, or is 1.
        BarsError
            What is no time.
        """
        usable = not isinstance(ratio, bool) and math.isfinite(ratio) and 1 <= max(ratio, 1) <= LARGEST_RATIO
        exact = Fraction(ratio).limit_denominator(_FINEST) if usable else Fraction(0)
        if exact <= 0 or exact == 1:
            message = (
                f"{shown(str(ratio))} is no ratio of a split. Give the new shares for one old share: 4 for four to "
                "one, 0.1 for one to ten."
            )
            raise SplitInvalid(message, fields={"splits": [message]})
        return cls(boundary(time, "time"), exact)


@overload
def adjust(bars: Bars, splits: Iterable[Split]) -> Bars: ...
@overload
def adjust(bars: Columns, splits: Iterable[Split]) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]: ...
def adjust(
    bars: Bars | Columns, splits: Iterable[Split]
) -> Bars | Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """Divide the prices before each split by its ratio and multiply the volume by it.

    Parameters
    ----------
    bars : Bars or Columns
    splits : iterable of Split
        In any order; one at or before the first bar changes nothing.

    Returns
    -------
    Bars, or an iterator of (first row, columns) for Columns
        The bars from the last split on stay as they are. Each value is rounded once where the shares of all later
        splits together are a whole number or one over a whole number, else twice.
    """
    shares = _Shares.of(splits)
    if isinstance(bars, Bars):
        columns = {name: getattr(bars, name) for name in COLUMNS} | {"time": bars.time.view(np.int64)}
        made = shares.adjusted(columns)
        return Bars.trusted(time=bars.time, **{name: made[name] for name in COLUMNS})
    return ((first, shares.adjusted(block)) for first, block in blocks(bars))


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """What one share of each stretch between two splits has become; the last stretch has become 1."""

    time: NDArray[np.int64]
    new: NDArray[np.float64]
    old: NDArray[np.float64]

    @classmethod
    def of(cls, splits: Iterable[Split]) -> Self:
        ordered = sorted(splits, key=lambda split: split.time)
        later = list(accumulate((split.ratio for split in reversed(ordered)), mul, initial=Fraction(1)))[::-1]
        return cls(
            time=np.array([split.time for split in ordered], dtype="datetime64[ns]").view(np.int64),
            new=np.array([float(share.numerator) for share in later]),
            old=np.array([float(share.denominator) for share in later]),
        )

    def adjusted(self, block: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        stretch = np.searchsorted(self.time, block["time"], side="right")
        new, old = self.new[stretch], self.old[stretch]
        prices = {name: block[name] * old / new for name in PRICES}
        return {"time": block["time"], **prices, "volume": block["volume"] * new / old}
