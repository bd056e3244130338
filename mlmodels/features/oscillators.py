"""Where the close is within its recent range, as fractions."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import TechnicalIndicators
from strategies.params import FloatParam

_MIDDLE = 0.5  # the place of a close in a range without width


def _fraction(percent: Floats) -> Floats:
    percent /= 100.0
    return percent


def _stochastic_k(columns: Columns, window: int, smooth: int) -> Floats:
    bars = columns.bars
    return _fraction(TechnicalIndicators.stochastic(bars.high, bars.low, bars.close, window, smooth, 1).k)


def _stochastic_d(columns: Columns, window: int, smooth: int, last: int) -> Floats:
    bars = columns.bars
    return _fraction(TechnicalIndicators.stochastic(bars.high, bars.low, bars.close, window, smooth, last).d)


def _williams_r(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    return _fraction(TechnicalIndicators.williams_r(bars.high, bars.low, bars.close, window))


def _cci(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    return _fraction(TechnicalIndicators.cci(bars.high, bars.low, bars.close, window))


def _bollinger_position(columns: Columns, window: int, width: float) -> Floats:
    close = columns.bars.close
    upper, _, lower = TechnicalIndicators.bollinger_bands(close, window, width)
    return _place(close, upper, lower)


def _donchian_position(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    result = np.empty(len(bars))
    upper = TechnicalIndicators.highest(bars.high, window)[:-1]
    lower = TechnicalIndicators.lowest(bars.low, window)[:-1]
    result[1:] = _place(bars.close[1:], upper, lower)
    return result


def _place(close: Floats, upper: Floats, lower: Floats) -> Floats:
    """(close - lower) / (upper - lower), written over `upper`; the middle where there is no width."""
    upper -= lower
    np.subtract(close, lower, out=lower)
    flat = upper == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(lower, upper, out=upper)
    upper[flat] = _MIDDLE
    return upper


_SMOOTH = bars_param("smooth", 3, minimum=1, label="Smoothing")

register_feature(
    FeatureKind(
        "rsi",
        "RSI",
        title="RSI, {window} bars",
        summary="Wilder's relative strength index: the share of rises in all changes, 0 to 1.",
        group="oscillators",
        params=(bars_param("window", 14, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=lambda columns, window: _fraction(TechnicalIndicators.rsi(columns.bars.close, window)),
    )
)
register_feature(
    FeatureKind(
        "stochastic_k",
        "Slow stochastic %K",
        title="Slow stochastic %K ({window}, {smooth})",
        summary="Where the close lies between the lowest low and the highest high, smoothed, 0 to 1.",
        group="oscillators",
        params=(bars_param("window", 14, minimum=1, label="Window"), _SMOOTH),
        warmup=lambda window, smooth: window + smooth - 2,
        compute=_stochastic_k,
    )
)
register_feature(
    FeatureKind(
        "stochastic_d",
        "Slow stochastic %D",
        title="Slow stochastic %D ({window}, {smooth}, {last})",
        summary="Average of the slow stochastic %K, 0 to 1.",
        group="oscillators",
        params=(
            bars_param("window", 14, minimum=1, label="Window"),
            _SMOOTH,
            bars_param("last", 3, minimum=1, label="Average"),
        ),
        warmup=lambda window, smooth, last: window + smooth + last - 3,
        compute=_stochastic_d,
    )
)
register_feature(
    FeatureKind(
        "williams_r",
        "Williams %R",
        title="Williams %R, {window} bars",
        summary="Distance of the close from the highest high as a share of the range, -1 to 0.",
        group="oscillators",
        params=(bars_param("window", 14, minimum=1, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_williams_r,
    )
)
register_feature(
    FeatureKind(
        "cci",
        "CCI",
        title="Commodity channel index, {window} bars",
        summary="Distance of the typical price from its average in mean deviations, over 100: mostly -1 to 1.",
        group="oscillators",
        params=(bars_param("window", 20, minimum=2, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_cci,
    )
)
register_feature(
    FeatureKind(
        "bollinger_position",
        "Bollinger %b",
        title="Bollinger %b ({window}, {width})",
        summary="Where the close lies between the Bollinger bands: 0 at the lower, 1 at the upper.",
        group="oscillators",
        params=(
            bars_param("window", 20, label="Window"),
            FloatParam("width", default=2.0, minimum=0.1, maximum=10.0, step=0.1, label="Deviations"),
        ),
        warmup=lambda window, width: window - 1,
        compute=_bollinger_position,
    )
)
register_feature(
    FeatureKind(
        "donchian_position",
        "Donchian position",
        title="Close in the channel of the {window} bars before",
        summary="0 at the lowest low of the bars before this one, 1 at their highest high; beyond is a breakout.",
        group="oscillators",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=_donchian_position,
    )
)
