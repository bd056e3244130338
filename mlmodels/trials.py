"""What a training has tried, for the ledger that judges later results: the best of many tries is partly luck.

The ledger lives in an app above this one, which provides it when it is ready (`use_ledger`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Ledger(Protocol):
    """Adds `count` trials of a user on a series, with the Sharpe ratios per bar of those that have one."""

    def __call__(self, *, user: Any, series: Any, count: int, sharpes: Sequence[float]) -> None: ...


_provided: list[Ledger] = []


def use_ledger(ledger: Ledger) -> None:
    """Set the one ledger that trainings are written to."""
    _provided[:] = [ledger]


def record_trials(*, user: Any, series: Any, count: int, sharpes: Sequence[float]) -> None:
    """Write trials to the ledger; without one nothing happens. Call it in the transaction that stores the model."""
    for ledger in _provided:
        ledger(user=user, series=series, count=count, sharpes=sharpes)


@dataclass(frozen=True, slots=True)
class Trials:
    """How many times something was tried, and the Sharpe ratios per bar that came of it."""

    count: int
    sharpes: tuple[float, ...]


def trials_of(report: Mapping[str, Any], periods_per_year: float) -> Trials:
    """The trials of one training, from its report as it is stored (`TrainingReport.to_dict`).

    The model itself is one; so is each evaluated trial of the search (it has no Sharpe ratio, being judged by its
    log-loss) and each margin of the threshold sweep beyond the one the model is used with.
    """
    trading, thresholds = report.get("trading") or {}, report.get("thresholds") or {}
    others = [point for point in thresholds.get("points", ()) if point["margin"] != 0.0]
    searched = len((report.get("search") or {}).get("trials", ()))
    yearly = [trading.get("sharpe"), *(point["sharpe"] for point in others)]
    per_bar = tuple(value / math.sqrt(periods_per_year) for value in yearly if value is not None)
    return Trials(1 + searched + len(others), per_bar)
