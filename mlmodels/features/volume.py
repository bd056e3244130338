"""What was traded, beside what was traded before; never an amount. No value where nothing was traded."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats, read_only
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import TechnicalIndicators


def _average(columns: Columns, window: int) -> Floats:
    volume = columns.bars.volume
    return columns.once(
        ("volume", window), lambda: read_only(TechnicalIndicators.moving_average(volume, window))
    )


def _over_average(columns: Columns, values: Floats, window: int) -> Floats:
    average = _average(columns, window)
    result = np.full(values.size, np.nan)
    np.divide(values, average, out=result, where=average > 0.0)
    return result


def _volume_ratio(columns: Columns, window: int) -> Floats:
    return _over_average(columns, columns.bars.volume, window)


def _signed_volume(columns: Columns) -> Floats:
    """What each bar adds to the on-balance volume; 0 at row 0."""
    signed = np.zeros(len(columns.bars))
    np.subtract(columns.bars.close[1:], columns.bars.close[:-1], out=signed[1:])
    np.sign(signed, out=signed)
    signed *= columns.bars.volume
    return signed


def _obv_slope(columns: Columns, window: int) -> Floats:
    signed = columns.once("signed_volume", lambda: read_only(_signed_volume(columns)))
    return _over_average(columns, TechnicalIndicators.moving_average(signed, window), window)


def _money_flow(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    result = TechnicalIndicators.money_flow_index(bars.high, bars.low, bars.close, bars.volume, window)
    result /= 100.0
    return result


def _vwap_gap(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    return bars.close / TechnicalIndicators.vwap(bars.high, bars.low, bars.close, bars.volume, window) - 1.0


register_feature(
    FeatureKind(
        "volume_ratio",
        "Volume over its average",
        title="Volume over its {window}-bar average",
        summary="Volume of the bar over the average of the last bars, this one included.",
        group="volume",
        params=(bars_param("window", 20, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_volume_ratio,
        needs_volume=True,
    )
)
register_feature(
    FeatureKind(
        "obv_slope",
        "Slope of the on-balance volume",
        title="Change of the on-balance volume over {window} bars",
        summary="Volume of rising less that of falling bars, as a share of all of it, -1 to 1.",
        group="volume",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=_obv_slope,
        needs_volume=True,
    )
)
register_feature(
    FeatureKind(
        "money_flow",
        "Money flow index",
        title="Money flow index, {window} bars",
        summary="Share of the money that flowed while the typical price rose, 0 to 1.",
        group="volume",
        params=(bars_param("window", 14, minimum=1, label="Window"),),
        warmup=lambda window: window,
        compute=_money_flow,
        needs_volume=True,
    )
)
register_feature(
    FeatureKind(
        "vwap_gap",
        "Close over its volume-weighted average",
        title="Close over its {window}-bar volume-weighted average price",
        summary="Close over the volume-weighted average price of the last bars, less 1.",
        group="volume",
        params=(bars_param("window", 20, minimum=1, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_vwap_gap,
        needs_volume=True,
    )
)
