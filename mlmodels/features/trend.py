"""The close beside its averages, and the strength of movements in one direction."""

from __future__ import annotations

from mlmodels.features.columns import Columns, Floats, read_only
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import DirectionalIndex, TechnicalIndicators


def _sma_gap(columns: Columns, window: int) -> Floats:
    close = columns.bars.close
    average = columns.once(
        ("average", window), lambda: read_only(TechnicalIndicators.moving_average(close, window))
    )
    result: Floats = close / average
    result -= 1.0
    return result


def _ema_gap(columns: Columns, window: int) -> Floats:
    average = TechnicalIndicators.exponential_moving_average(columns.bars.close, window)
    result: Floats = columns.bars.close / average
    result -= 1.0
    return result


def _macd_histogram(columns: Columns, fast: int, slow: int, signal: int) -> Floats:
    result = TechnicalIndicators.macd(columns.bars.close, fast, slow, signal).histogram
    result /= columns.bars.close
    return result


def _adx(columns: Columns, window: int) -> Floats:
    bars = columns.bars
    result = TechnicalIndicators.adx(bars.high, bars.low, bars.close, window)
    result /= 100.0
    return result


def _directional(columns: Columns, window: int) -> DirectionalIndex:
    bars = columns.bars
    return columns.once(
        ("directional", window),
        lambda: TechnicalIndicators.directional_index(bars.high, bars.low, bars.close, window),
    )


register_feature(
    FeatureKind(
        "sma_gap",
        "Close over its average",
        title="Close over its {window}-bar average",
        summary="Close over its simple moving average, less 1.",
        group="trend",
        params=(bars_param("window", 20, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_sma_gap,
    )
)
register_feature(
    FeatureKind(
        "ema_gap",
        "Close over its exponential average",
        title="Close over its {window}-bar exponential average",
        summary="Close over its exponential moving average, less 1.",
        group="trend",
        params=(bars_param("window", 20, label="Window"),),
        warmup=lambda window: window - 1,
        compute=_ema_gap,
    )
)
register_feature(
    FeatureKind(
        "macd_histogram",
        "MACD histogram over close",
        title="MACD histogram over close ({fast}, {slow}, {signal})",
        summary="MACD line less its signal line, as a share of the close.",
        group="trend",
        params=(
            bars_param("fast", 12, label="Fast"),
            bars_param("slow", 26, minimum=3, label="Slow"),
            bars_param("signal", 9, minimum=1, label="Signal"),
        ),
        objection=lambda fast, slow, signal: "" if fast < slow else f"fast {fast} is not below slow {slow}.",
        warmup=lambda fast, slow, signal: slow + signal - 2,
        compute=_macd_histogram,
    )
)
register_feature(
    FeatureKind(
        "adx",
        "ADX",
        title="ADX, {window} bars",
        summary="Wilder's average directional index: how strong the trend is in either direction, 0 to 1.",
        group="trend",
        params=(bars_param("window", 14, label="Window"),),
        warmup=lambda window: 2 * window - 1,
        compute=_adx,
    )
)
register_feature(
    FeatureKind(
        "plus_di",
        "+DI",
        title="+DI, {window} bars",
        summary="Wilder's positive directional indicator: the share of upward moves in the range, 0 to 1.",
        group="trend",
        params=(bars_param("window", 14, label="Window"),),
        warmup=lambda window: window,
        compute=lambda columns, window: _directional(columns, window).plus_di / 100.0,
    )
)
register_feature(
    FeatureKind(
        "minus_di",
        "-DI",
        title="-DI, {window} bars",
        summary="Wilder's negative directional indicator: the share of downward moves in the range, 0 to 1.",
        group="trend",
        params=(bars_param("window", 14, label="Window"),),
        warmup=lambda window: window,
        compute=lambda columns, window: _directional(columns, window).minus_di / 100.0,
    )
)
