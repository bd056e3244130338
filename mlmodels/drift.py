"""Whether what a model sees today still looks like what it was trained on: the population stability index.

PSI = sum over bins of (share now - share then) * log(share now / share then), with the deciles of the training rows as
bins. By convention below 0.1 is no change worth a name, above 0.25 a large one: E. M. Lewis, An Introduction to Credit
Scoring, Fair Isaac 1994; N. Siddiqi, Credit Risk Scorecards, Wiley 2006.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Level: TypeAlias = Literal["stable", "moderate", "large", "unknown"]

BINS = 10
MODERATE, LARGE = 0.1, 0.25
SMALLEST_SHARE = 1e-4
"""What an empty bin counts as, so that the index stays finite."""
CHI_SQUARED_95 = 16.919
"""The 95 % point of the chi-squared distribution with BINS - 1 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Reference:
    """How one feature was distributed: 9 `edges` of bins, not falling, the 10 `shares`, and the number of `rows`.

    Values that lie on several equal edges (a constant, a frequent value) have a bin of their own between those edges,
    so a departure to either side shows. A feature without any value has no edges and no shares.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them back."""
        return {"edges": list(self.edges), "shares": list(self.shares), "rows": self.rows}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Reference:
        edges, shares = (tuple(float(value) for value in given[name]) for name in ("edges", "shares"))
        if (len(edges), len(shares)) not in ((0, 0), (BINS - 1, BINS)):
            raise ValueError(f"{len(edges)} edges and {len(shares)} shares are no reference of {BINS} bins.")
        return cls(edges, shares, int(given.get("rows", 0)))


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one feature has moved. None where there is nothing to compare.

    rows : values that were compared
    psi : population stability index, 0 or above
    by_chance : what it exceeds once in twenty though nothing changed, if rows were independent (they seldom are, so
        the truth is larger): (1 / rows then + 1 / rows now) times the 95 % point of chi-squared. B. Yurdakul and
        J. Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation 14(4),
        2020.
    """

    name: str
    rows: int
    psi: float | None
    by_chance: float | None

    @property
    def level(self) -> Level:
        return level_of(self.psi)


def level_of(index: float | None) -> Level:
    """The conventional name of a population stability index."""
    if index is None:
        return "unknown"
    if index < MODERATE:
        return "stable"
    return "moderate" if index <= LARGE else "large"


def reference_of(values: Floats, names: Sequence[str]) -> dict[str, Reference]:
    """Remember how each feature is distributed.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, n_features)
        NaN and infinities are left out.
    names : sequence of str
        One a column.
    """
    return {name: _reference(column) for name, column in zip(names, values.T, strict=True)}


def psi(reference: Reference, values: Floats) -> float | None:
    """Population stability index of the values, shape (n_rows,), against the reference; None if either has no value."""
    known = values[np.isfinite(values)]
    if not reference.edges or not known.size:
        return None
    then, now = np.array(reference.shares), _shares(np.array(reference.edges), known)
    then, now = np.maximum(then, SMALLEST_SHARE), np.maximum(now, SMALLEST_SHARE)
    return float(((now - then) * np.log(now / then)).sum())


def drift_of(references: Mapping[str, Reference], values: Floats, names: Sequence[str]) -> tuple[Drift, ...]:
    """Compare each column of `values`, shape (n_rows, n_features), with its reference, which may be missing."""
    found = []
    for name, column in zip(names, values.T, strict=True):
        reference, rows = references.get(name), int(np.isfinite(column).sum())
        index = None if reference is None else psi(reference, column)
        chance = None
        if index is not None and reference is not None and reference.rows:
            chance = CHI_SQUARED_95 * (1.0 / reference.rows + 1.0 / rows)
        found.append(Drift(name, rows, index, chance))
    return tuple(found)


def _reference(column: Floats) -> Reference:
    known = column[np.isfinite(column)]
    if not known.size:
        return Reference((), (), 0)
    # An actual value and not one between two: so a frequent value is an edge exactly.
    edges = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf")
    return Reference(tuple(edges.tolist()), tuple(_shares(edges, known).tolist()), int(known.size))


def _shares(edges: Floats, known: Floats) -> Floats:
    """Share of the values in each bin, shape (BINS,): a value on one edge belongs below it, on several between them."""
    bins = (np.searchsorted(edges, known, side="left") + np.searchsorted(edges, known, side="right")) // 2
    return np.bincount(bins, minlength=BINS) / known.size
