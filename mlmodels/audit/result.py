"""What an audit found."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma
from typing import Any

import numpy as np

from mlmodels.errors import TrainingError

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
    rare_caught : the chance that a place fell on a feature's leak that shows at one bar in a hundred, by more than a
        millionth of the feature's deviation; None without one
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
    return 1.0 - exp(missed)


def said(moment: np.datetime64) -> str:
    """A time as a message has it."""
    return str(np.datetime_as_string(moment, unit="s")).replace("T", " ")
