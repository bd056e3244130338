"""How much prices move."""

from __future__ import annotations

import math

import numpy as np

from mlmodels.features.columns import Columns, Floats
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import backends
from strategies.indicators.columns import frozen
from strategies.params import FloatParam


def _volatility(columns: Columns, out: Floats, window: int) -> None:
    np.multiply(columns.return_deviation(window), math.sqrt(window / (window - 1)), out=out)


def _parkinson(columns: Columns, out: Floats, window: int) -> None:
    with columns.scratch() as squares:
        np.multiply(columns.log_range, columns.log_range, out=squares)
        squares /= 4.0 * math.log(2.0)
        _root_of_mean(squares, window, out)


def _garman_klass(columns: Columns, out: Floats, window: int) -> None:
    with columns.scratch() as spread:
        np.divide(columns.bars.close, columns.bars.open, out=spread)
        np.log(spread, out=spread)
        spread *= spread
        spread *= 1.0 - 2.0 * math.log(2.0)
        np.multiply(columns.log_range, columns.log_range, out=out)
        out *= 0.5
        spread += out
        # Never below 0 by its definition (the body is within the range), but by rounding.
        np.maximum(spread, 0.0, out=spread)
        _root_of_mean(spread, window, out)


def _root_of_mean(values: Floats, window: int, out: Floats) -> None:
    backends.windows().moving_average_nb(frozen(values), window, out)
    np.sqrt(out, out=out)


def _atr_ratio(columns: Columns, out: Floats, window: int) -> None:
    bars = columns.bars
    backends.ranges().atr_nb(bars.high, bars.low, bars.close, window, out)
    out /= bars.close


def _high_low_range(columns: Columns, out: Floats) -> None:
    out[:] = columns.log_range


def _bandwidth(columns: Columns, out: Floats, window: int, width: float) -> None:
    np.divide(columns.deviation(window), columns.average(window), out=out)
    out *= 2.0 * width


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
        compute=_high_low_range,
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
