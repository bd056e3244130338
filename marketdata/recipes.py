"""Recipes: what is done to the bars of one series to make those of another. Plain values, kept as JSON.

Django-free and light, so that whoever asks and whoever computes read them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from algotrade.errors import shown
from marketdata.errors import BarsError, RecipeInvalid
from marketdata.splits import Split
from marketdata.timeframes import get_timeframe

MOST_SPLITS = 1_000


@dataclass(frozen=True, slots=True)
class Resample:
    """Put the bars together into a longer timeframe (`marketdata.resample`)."""

    timeframe: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"kind": "resample", "timeframe": self.timeframe}


@dataclass(frozen=True, slots=True)
class AdjustSplits:
    """Divide the prices before each split by its ratio and multiply the volumes (`marketdata.splits`).

    `splits` holds (first moment after the split, ratio): times are ISO text in UTC, each once and in order; a ratio
    is the new shares for one old share.
    """

    splits: tuple[tuple[str, float], ...]

    @classmethod
    def read(cls, splits: Iterable[Mapping[str, Any]]) -> Self:
        """Make it of mappings with "time" and "ratio".

        Raises
        ------
        RecipeInvalid, SplitInvalid
            There is no split, or too many, or one has no time or no sensible ratio.
        """
        read = dict(_split(split) for split in splits)
        if not 1 <= len(read) <= MOST_SPLITS:
            raise RecipeInvalid(f"Name 1 to {MOST_SPLITS} splits, not {len(read)}.")
        return cls(tuple(sorted(read.items())))

    def with_more(self, more: Self) -> Self:
        """Return the splits of both; at the same time that of `more` counts."""
        return type(self)(tuple(sorted((dict(self.splits) | dict(more.splits)).items())))

    def to_splits(self) -> tuple[Split, ...]:
        """Return what `marketdata.splits.adjust` takes."""
        return tuple(Split.of(time, ratio) for time, ratio in self.splits)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "kind": "splits",
            "splits": [{"time": time, "ratio": ratio} for time, ratio in self.splits],
        }


Recipe = Resample | AdjustSplits


def read_recipe(values: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `to_dict` wrote. Further keys are notes of who keeps it."""
    kind = values.get("kind")
    if kind == "resample":
        return Resample(get_timeframe(str(values.get("timeframe"))).name)
    if kind == "splits":
        return AdjustSplits.read(values.get("splits") or ())
    raise RecipeInvalid(f"There is no recipe of the kind {kind!r}. There are: resample, splits.")


def _split(given: Mapping[str, Any]) -> tuple[str, float]:
    try:
        split = Split.of(given["time"], float(given["ratio"]))
    except (KeyError, TypeError, ValueError, BarsError) as error:
        raise RecipeInvalid(
            f"{shown(str(dict(given)))} is not a split. Give it a time and a ratio, like 2020-08-31 and 4."
        ) from error
    return str(np.datetime_as_string(split.time, unit="s")), float(split.ratio)
