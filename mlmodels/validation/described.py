"""Folds in times instead of rows, as reports and pages know them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.validation.folds import Fold, Span

Times: TypeAlias = NDArray[np.datetime64]


def described(fold: Fold, time: Times) -> dict[str, Any]:
    """Plain values for JSON: number, first and last times, counts of rows, and the spans of each kind, ends included.

    Parameters
    ----------
    time : ndarray of datetime64, shape (n_bars,)
        UTC; those of the bars that the fold was made for.
    """
    trained = bool(fold.train.size)
    return {
        "number": fold.number,
        "train_start": said(time[fold.train[0]]) if trained else None,
        "train_end": said(time[fold.train[-1]]) if trained else None,
        "train_rows": int(fold.train.size),
        "purged_rows": int(fold.purged.size),
        "embargo_rows": int(fold.embargo.size),
        "test_start": said(time[fold.test[0]]),
        "test_end": said(time[fold.test[-1]]),
        "train_spans": _spans(fold.spans.train, time),
        "purged_spans": _spans(fold.spans.purged, time),
        "embargo_spans": _spans(fold.spans.embargo, time),
        "test_spans": _spans(fold.spans.test, time),
    }


def said(moment: np.datetime64) -> str:
    """A time in ISO 8601, UTC."""
    return f"{np.datetime_as_string(moment, unit='s')}Z"


def _spans(spans: Iterable[Span], time: Times) -> list[list[str]]:
    return [[said(time[first]), said(time[last])] for first, last in spans]
