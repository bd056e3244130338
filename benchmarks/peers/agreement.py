"""Whether two tools computed the same thing. A ratio of times means nothing otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-6
FLOOR = 1e-3
"""Figures smaller than this (a Sharpe ratio near 0) are compared on this scale: noise has no relative size there."""


@dataclass(frozen=True)
class Agreement:
    """The comparison of two sets of figures.

    Parameters
    ----------
    names : tuple of str
        What both sides gave.
    worst : float
        Largest relative difference.
    worst_name : str
        Where it is.
    share : float
        Share of combinations (1 where there is one run) in which every figure is within the tolerance.
    needed : float
        Share from which on the results count as equal.
    """

    names: tuple[str, ...]
    worst: float
    worst_name: str
    share: float
    needed: float = 1.0

    @property
    def holds(self) -> bool:
        return bool(self.names) and self.share >= self.needed

    def __str__(self) -> str:
        if not self.names:
            return "nothing to compare"
        if not self.holds:
            return f"DIFFERS: {self.worst_name} by {self.worst:.1e} ({self.share:.1%} equal)"
        if self.share < 1.0:
            return f"{self.share:.1%} of the combinations to {TOLERANCE:.0e}"
        return f"to {max(self.worst, 1e-16):.0e}"


def compare(ours: Mapping[str, Any], theirs: Mapping[str, Any], needed: float = 1.0) -> Agreement:
    """Compare the figures that both sides gave.

    Parameters
    ----------
    ours, theirs : mapping of str to float or list of float
        A list of another length than ours differs as a whole. NaN equals NaN.
    needed : float
        Share of equal combinations that is enough, for rules that the other tool cannot follow everywhere.

    Returns
    -------
    Agreement
    """
    names = tuple(sorted(ours.keys() & theirs.keys()))
    worst, worst_name = 0.0, ""
    apart: dict[int, NDArray[np.bool_]] = {}
    for name in names:
        difference = _relative(ours[name], theirs[name])
        if difference.max() >= worst:
            worst, worst_name = float(difference.max()), name
        far = difference > TOLERANCE
        size = far.size
        apart[size] = apart.get(size, np.zeros(size, dtype=bool)) | far
    share = min((1.0 - float(far.mean()) for far in apart.values()), default=0.0)
    return Agreement(names, worst, worst_name, share, needed)


def _relative(ours: Any, theirs: Any) -> NDArray[np.float64]:
    a, b = np.atleast_1d(np.asarray(ours, dtype=float)), np.atleast_1d(np.asarray(theirs, dtype=float))
    if a.shape != b.shape or a.size == 0:
        return np.array([np.inf])
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), FLOOR)
    with np.errstate(invalid="ignore"):
        difference = np.abs(a - b) / scale
    difference[np.isnan(a) & np.isnan(b)] = 0.0
    difference[np.isnan(difference)] = np.inf
    return difference
