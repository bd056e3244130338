"""How much prices move."""

from __future__ import annotations

import math

import numpy as np

from mlmodels.features.columns import Columns, Floats, read_only
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import TechnicalIndicators
from strategies.params import FloatParam


def _volatility(columns: Columns, window: int) -> Floats:
    result = TechnicalIndicators.standard_deviation(columns.log_returns, window)
    result *= math.sqrt(window / (window - 1))
    return result


def _parkinson(columns: Columns, window: int) -> Floats:
    result = TechnicalIndicators.moving_average(columns.log_range**2, window)
    result /= 4.0 * math.log(2.0)
    return np.asarray(np.sqrt(result, out=result))


def _garman_klass(columns: Columns, window: int) -> Floats:
    body = np.log(columns.bars.close / columns.bars.open)
    body *= body
    body *= 1.0 - 2.0 * math.log(2.0)
    body += 0.5 * columns.log_range**2
    result = TechnicalIndicators.moving_average(body, window)
    # Never below 0 by its definition (the body is within the range), but by rounding.
    np.maximum(result, 0.0, out=result)
    return np.asarray(np.sqrt(result, out=result))


def _atr_ratio(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    result = TechnicalIndicators.atr(bars.high, bars.low, bars.close, window)
    result /= bars.close
    return result


def _bandwidth(columns: Columns, window: int, width: float) -> Floats:
    close = columns.bars.close
    result = TechnicalIndicators.standard_deviation(close, window)
    result *= 2.0 * width
    result /= columns.once(
        ("average", window), lambda: read_only(TechnicalIndicators.moving_average(close, window))
    )
    return result


register_feature(
    FeatureKind(
        "volatility",
        "Volatility",
        title="Volatility over {window} bars",
        summary="Sample standard deviation of the last one-bar log returns.",
        group="volatility",
        params=(bars_param("window", 20, label="Window"),),
        offered=((10,), (20,)),
        warmup=lambda window: window,
        compute=_volatility,
    )
)
register_feature(
    FeatureKind(
        "atr_ratio",
        "Average true range over close",
        title="Average true range over close, {window} bars",
        summary="Wilder's average true range as a share of the close.",
        group="volatility",
        params=(bars_param("window", 14, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=_atr_ratio,
    )
)
register_feature(
    FeatureKind(
        "parkinson",
        "Parkinson volatility",
        title="Parkinson volatility over {window} bars",
        summary="Volatility from highs and lows, sharper than from closes while there are no gaps (Parkinson 1980).",
        group="volatility",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_parkinson,
    )
)
register_feature(
    FeatureKind(
        "garman_klass",
        "Garman-Klass volatility",
        title="Garman-Klass volatility over {window} bars",
        summary="Volatility from open, high, low and close, without gaps between bars (Garman and Klass 1980).",
        group="volatility",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_garman_klass,
    )
)
register_feature(
    FeatureKind(
        "high_low_range",
        "Range of the bar",
        title="High over low of the bar",
        summary="Logarithm of the high over the low of the same bar.",
        group="volatility",
        warmup=lambda: 0,
        compute=lambda columns: columns.log_range.copy(),
    )
)
register_feature(
    FeatureKind(
        "bollinger_bandwidth",
        "Bollinger bandwidth",
        title="Bollinger bandwidth ({window}, {width})",
        summary="Distance of the Bollinger bands as a share of the average between them.",
        group="volatility",
        params=(
            bars_param("window", 20, label="Window"),
            FloatParam("width", default=2.0, minimum=0.1, maximum=10.0, step=0.1, label="Deviations"),
        ),
        warmup=lambda window, width: window - 1,
        compute=_bandwidth,
    )
)
