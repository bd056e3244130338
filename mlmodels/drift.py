"""Whether what a model sees today still looks like what it was trained on: the population stability index.

PSI = sum over bins of (share now - share then) * log(share now / share then), with the deciles of the training rows as
bins. By convention below 0.1 is no change worth a name, above 0.25 a large one: E. M. Lewis, An Introduction to Credit
Scoring, Fair Isaac 1994; N. Siddiqi, Credit Risk Scorecards, Wiley 2006.

The convention is made for rows that know nothing of each other. Neighbouring bars share most of what a feature looks
at, so that a hundred of them differ from the rest by far more though nothing has changed. What is usual is therefore
measured: each stretch of the training rows, as long as what is compared, against the training rows without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.binning import BINS, by_feature, counts_in_order, counts_of, deciles, shares_of, stability_index

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Level: TypeAlias = Literal["unknown", "stable", "moderate", "large"]

MODERATE, LARGE = 0.1, 0.25
CHI_SQUARED_95 = 16.919
"""The 95 % point of the chi-squared distribution with BINS - 1 degrees of freedom."""
NORMAL_95 = 1.6448536
"""The 95 % point of the normal distribution."""
BY_CHANCE = 0.05
"""Share of the features that go beyond what is usual although nothing has changed."""
FEWEST_WINDOWS = 6
"""Windows that the training rows are divided into at least, so that the deviation between them is known."""
STEPS = 4
"""A window starts each quarter of a window."""
LEAST_INDEX = 1e-6
"""What stands for an index of 0 where logarithms are taken."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """How far one feature has moved in windows of its own training rows, each against the training rows without it.

    bars : length of a window, shorter than asked for where the training rows are few
    windows : how many of them lie side by side
    typical : the mean index of as many new rows as asked for
    bound : what as many new rows as asked for stay below with 95 %; both None where fewer than two windows have values
    beyond : ndarray of bool, shape (n_windows,), which windows, a quarter of a window apart, would be called moved
    """

    bars: int
    windows: int
    typical: float | None
    bound: float | None
    beyond: Flags


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one feature has moved. None where there is nothing to compare.

    rows : values that were compared
    psi : population stability index, 0 or above
    by_chance : what it exceeds about once in twenty though nothing changed. Measured on `past` windows of the training
        rows; where these are not given, or too few, what independent rows would exceed, which is far too little for
        most features: (1 / rows then + 1 / rows now) times the 95 % point of chi-squared. B. Yurdakul and J. Naranjo,
        Statistical properties of the population stability index, Journal of Risk Model Validation 14(4), 2020.
    """

    name: str
    rows: int
    psi: float | None
    by_chance: float | None
    past: Past | None = None

    @property
    def level(self) -> Level:
        return level_of(self.psi, self.by_chance)


def level_of(index: float | None, by_chance: float | None = None) -> Level:
    """The conventional name of a population stability index, which counts only beyond what is usual."""
    if index is None:
        return "unknown"
    if index < MODERATE or (by_chance is not None and index <= by_chance):
        return "stable"
    return "moderate" if index <= LARGE else "large"


def moved_of(drifts: Sequence[Drift]) -> int:
    """How many features have moved."""
    return sum(drift.level in ("moderate", "large") for drift in drifts)


def mean_of(drifts: Sequence[Drift]) -> tuple[float, float]:
    """Mean index of one feature over several comparisons, at least one, and what that mean exceeds by chance.

    By how much each may lie above what is typical for it adds up in squares, as deviations of independent figures do.
    """
    pairs = [
        (drift.past.typical or 0.0, drift.past.bound or 0.0)
        if drift.past is not None
        else (drift.by_chance or 0.0, drift.by_chance or 0.0)
        for drift in drifts
    ]
    margin = math.hypot(*(bound - typical for typical, bound in pairs))
    total = sum(typical for typical, _ in pairs) + margin
    return float(np.mean([drift.psi for drift in drifts])), total / len(pairs)


def usual_of(drifts: Sequence[Drift]) -> int:
    """How many features move at once though nothing has changed: more do so once in twenty.

    Features say partly the same, so several move together. The larger of the 95 % point of how many did in the past
    windows, and of how many independent ones would.
    """
    known = [drift for drift in drifts if drift.psi is not None]
    pasts = [drift.past.beyond for drift in known if drift.past is not None and drift.past.beyond.size]
    together = np.sum([beyond[: min(map(len, pasts))] for beyond in pasts], axis=0) if pasts else np.zeros(1)
    measured = int(np.quantile(together, 1.0 - BY_CHANCE, method="higher"))
    return max(measured, most_by_chance(len(known)))


def most_by_chance(features: int) -> int:
    """The 95 % point of how many of so many independent features go beyond what each does once in twenty."""
    below, count = 0.0, -1
    while below < 1.0 - BY_CHANCE - 1e-9:
        count += 1
        below += math.comb(features, count) * BY_CHANCE**count * (1.0 - BY_CHANCE) ** (features - count)
    return max(count, 0)


def reference_of(values: Floats, names: Sequence[str]) -> dict[str, Reference]:
    """Remember how each feature is distributed.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, n_features)
        NaN and infinities are left out.
    names : sequence of str
        One a column.
    """
    table = by_feature(values)
    rows = np.isfinite(table).sum(axis=1)
    table.sort(axis=1)  # its own copy; NaN go to the end
    edges = deciles(table, rows)
    shares = shares_of(counts_in_order(edges, table, rows))
    found = zip(names, edges.tolist(), shares.tolist(), rows.tolist(), strict=True)
    return {
        name: Reference(tuple(of), tuple(share), count) if count else Reference((), (), 0)
        for name, of, share, count in found
    }


def psi(reference: Reference, values: Floats) -> float | None:
    """Population stability index of the values, shape (n_rows,), against the reference; None if either has no value."""
    return drift_of({"": reference}, values[:, np.newaxis], [""])[0].psi


def drift_of(
    references: Mapping[str, Reference], values: Floats, names: Sequence[str], trained: Floats | None = None
) -> tuple[Drift, ...]:
    """Compare each column of `values` with its reference, which may be missing.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows, n_features)
        Consecutive rows; NaN and infinities are left out.
    names : sequence of str
        One a column.
    trained : ndarray of float, shape (n_training_rows, n_features), optional
        The rows of the training in their order, on which is measured what is usual.
    """
    known = [references.get(name) for name in names]
    edges = np.array([_or_nothing(one.edges if one else (), BINS - 1) for one in known]).reshape(-1, BINS - 1)
    then = np.array([_or_nothing(one.shares if one else (), BINS) for one in known]).reshape(-1, BINS)
    table = by_feature(values)
    rows = np.isfinite(table).sum(axis=1)
    index = stability_index(then, shares_of(counts_of(edges, table)))
    pasts = None if trained is None else _pasts(edges, by_feature(trained), len(values))
    found = []
    for column, name in enumerate(names):
        reference, count = known[column], int(rows[column])
        if reference is None or not reference.edges or not count:
            found.append(Drift(name, count, None, None))
            continue
        past, chance = None if pasts is None else pasts[column], None
        if past is not None and past.bound is not None:
            chance = past.bound
        elif reference.rows:
            chance = CHI_SQUARED_95 * (1.0 / reference.rows + 1.0 / count)
        found.append(Drift(name, count, float(index[column]), chance, past))
    return tuple(found)


def _pasts(edges: Floats, trained: Floats, length: int) -> list[Past] | None:
    """Measure how far windows of so many rows have moved among those of the training, in their order.

    The indices of windows are positive and lean to the right, so their logarithms are taken to be normal: the bound is
    the upper 95 % prediction limit of one more of them, mean + t sqrt(1 + 1/k) deviation with k windows side by side
    and k - 1 degrees of freedom (G. J. Hahn and W. Q. Meeker, Statistical Intervals, Wiley 1991, ch. 4). From windows
    against the other rows it is carried over to `length` rows against all by the ratio of 1/rows now + 1/rows then,
    with which the index grows. None where there are too few rows.

    Parameters
    ----------
    edges, trained : ndarray of float, shapes (n_features, BINS - 1) and (n_features, n_rows)
    """
    count = trained.shape[1]
    bars = min(length, count // FEWEST_WINDOWS)
    step = bars // STEPS
    if not step:
        return None
    windows = count // bars
    carried = (1.0 / length + 1.0 / count) / (1.0 / bars + 1.0 / (count - bars))
    found = []
    for index in _window_indices(edges, trained, step):
        known = np.isfinite(index)
        if known.sum() < 2:
            found.append(Past(bars, windows, None, None, np.zeros(index.size, dtype=bool)))
            continue
        limit = _prediction_limit(index[known], windows)
        typical = min(float(index[known].mean()), limit)
        beyond = known & (index > max(MODERATE, limit))
        found.append(Past(bars, windows, typical * carried, limit * carried, beyond))
    return found


def _window_indices(edges: Floats, trained: Floats, step: int) -> Floats:
    """PSI of each window of STEPS steps against the other rows; NaN where less than half of its rows have a value."""
    steps = trained.shape[1] // step
    latest = trained[:, trained.shape[1] - steps * step :]
    counts = counts_of(edges, latest.reshape(len(edges), steps, step))
    parts = [counts[:, first : steps - STEPS + 1 + first] for first in range(STEPS)]
    within = np.sum(parts, axis=0)
    without = counts.sum(axis=1, keepdims=True) - within
    rows, others = within.sum(axis=-1, keepdims=True), without.sum(axis=-1, keepdims=True)
    index = stability_index(without / np.maximum(others, 1), within / np.maximum(rows, 1))
    return np.where((rows[..., 0] * 2 >= STEPS * step) & (others[..., 0] > 0), index, np.nan)


def _prediction_limit(index: Floats, windows: int) -> float:
    logs = np.log(np.maximum(index, LEAST_INDEX))
    spread = logs.std(ddof=1) * math.sqrt(1.0 + 1.0 / windows)
    return float(np.exp(logs.mean() + _student_95(windows - 1) * spread))


def _student_95(freedom: int) -> float:
    """The 95 % point of Student's t by its expansion around the normal (Abramowitz and Stegun, 26.7.5)."""
    z = NORMAL_95
    first, second = (z**3 + z) / 4.0, (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0
    third = (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _or_nothing(numbers: tuple[float, ...], count: int) -> tuple[float, ...]:
    return numbers or (np.nan,) * count
