"""The ledger of trials: each run, preview, cell of a sweep and try of a training is counted, whatever becomes of it.

The best of many trials looks good by luck alone; how good depends on their number and on the spread of their Sharpe
ratios. Both are kept as sums, so that a sweep of a million cells costs one row. A trial that is repeated counts again:
that makes a verdict stricter, never kinder.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from backtests.models import TrialCount
from backtests.trials import TrialTotals
from marketdata.models import Series
from mlmodels.strategies.signal import MLSignalStrategy


def record(
    *, user: Any, series: Series, strategy_type: str, source: str, count: int, sharpes: Iterable[float]
) -> None:
    """Add `count` trials with the Sharpe ratios per bar (not annualised) of those that have one."""
    if count <= 0:
        return
    ratios = np.fromiter(sharpes, dtype=np.float64)
    ratios = ratios[np.isfinite(ratios)]
    key = {"user": user, "series": series, "strategy_type": strategy_type, "source": source}
    sums = {
        "count": count,
        "sharpe_count": ratios.size,
        "sharpe_sum": float(ratios.sum()),
        "sharpe_squares": float(ratios @ ratios),
    }
    if _add(key, sums):
        return
    try:
        with transaction.atomic():
            TrialCount.objects.create(**key, **sums)
    except IntegrityError:  # another process has made the row since
        _add(key, sums)


def record_training(*, user: Any, series: Series, count: int, sharpes: Iterable[float]) -> None:
    """Add what a training has tried, under the type that decides by it: a run of that is the pick of these, too."""
    record(
        user=user,
        series=series,
        strategy_type=MLSignalStrategy.key,
        source=TrialCount.Source.TRAINING,
        count=count,
        sharpes=sharpes,
    )


def totals(*, user: Any, series: Series) -> TrialTotals:
    """What was tried on this series, by whichever way and type of strategy."""
    names = ("count", "sharpe_count", "sharpe_sum", "sharpe_squares")
    rows = TrialCount.objects.filter(user=user, series=series)
    sums = rows.aggregate(**{f"all_{name}": Sum(name) for name in names})
    count, known, total, squares = (sums[f"all_{name}"] or 0 for name in names)
    mean = total / known if known else math.nan
    variance = max(squares - known * mean * mean, 0.0) / (known - 1) if known > 1 else math.nan
    return TrialTotals(count, mean, variance)


def _add(key: dict[str, Any], sums: dict[str, Any]) -> int:
    changes: dict[str, Any] = {name: F(name) + value for name, value in sums.items()}
    return TrialCount.objects.filter(**key).update(**changes, updated_at=timezone.now())
