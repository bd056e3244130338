"""Where the close is within its recent range, as fractions."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats, loops
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import TechnicalIndicators, backends
from strategies.indicators.columns import frozen
from strategies.params import FloatParam


def _rsi(columns: Columns, out: Floats, window: int) -> None:
    backends.recursions().rsi_nb(columns.bars.close, window, out)
    out /= 100.0


def _stochastic_k(columns: Columns, out: Floats, window: int, smooth: int) -> None:
    bars = columns.bars
    with columns.scratch() as raw:
        backends.extremes().stochastic_nb(bars.high, bars.low, bars.close, window, smooth, 1, out, raw)
    out /= 100.0


def _stochastic_d(columns: Columns, out: Floats, window: int, smooth: int, last: int) -> None:
    bars = columns.bars
    with columns.scratch() as k:
        backends.extremes().stochastic_nb(bars.high, bars.low, bars.close, window, smooth, last, k, out)
    out /= 100.0


def _williams_r(columns: Columns, out: Floats, window: int) -> None:
    bars = columns.bars
    backends.extremes().place_in_range_nb(bars.high, bars.low, bars.close, window, True, out)
    out /= 100.0


def _cci(columns: Columns, out: Floats, window: int) -> None:
    bars = columns.bars
    np.divide(TechnicalIndicators.cci(bars.high, bars.low, bars.close, window), 100.0, out=out)


def _bollinger_position(columns: Columns, out: Floats, window: int, width: float) -> None:
    average, deviation = columns.average(window), columns.deviation(window)
    loops().band_position_nb(columns.bars.close, average, deviation, width, out)


def _donchian_position(columns: Columns, out: Floats, window: int) -> None:
    bars = columns.bars
    with columns.scratch() as lower, columns.scratch() as upper:
        backends.extremes().highest_nb(bars.high, window, 1.0, upper)
        backends.extremes().highest_nb(bars.low, window, -1.0, lower)
        loops().place_nb(bars.close[1:], frozen(lower[:-1]), frozen(upper[:-1]), out[1:])


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
        compute=_rsi,
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
