"""Compile, or load from the cache, every kernel of the features before the first training needs them."""

from __future__ import annotations

import numpy as np

from marketdata.bars import Bars
from mlmodels.features import feature_names, prepare

BARS = 200


def warm_up() -> None:
    """Compute all features of a few made-up bars; any longer window has the same loops. Safe to call again."""
    close = 100.0 + np.arange(BARS, dtype=np.float64) % 7
    prepare(
        Bars(
            time=np.datetime64("2020-01-01", "ns") + np.arange(BARS) * np.timedelta64(8, "h"),
            open=close,
            high=close + 1.0,
            low=close - 1.0,
            close=close,
            volume=1.0 + np.arange(BARS, dtype=np.float64) % 5,
        ),
        feature_names(),
    )
