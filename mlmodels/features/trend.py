"""The close beside its averages, and the strength of movements in one direction."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats, loops
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import backends


def _sma_gap(columns: Columns, out: Floats, window: int) -> None:
    loops().over_nb(columns.bars.close, columns.average(window), out)


def _ema_gap(columns: Columns, out: Floats, window: int) -> None:
    backends.recursions().exponential_average_nb(columns.bars.close, window, out)
    np.divide(columns.bars.close, out, out=out)
    out -= 1.0


def _macd_histogram(columns: Columns, out: Floats, fast: int, slow: int, signal: int) -> None:
    with columns.scratch() as line, columns.scratch() as average:
        backends.recursions().macd_nb(columns.bars.close, fast, slow, signal, line, average, out)
    out /= columns.bars.close


def _adx(columns: Columns, out: Floats, window: int) -> None:
    backends.ranges().adx_nb(columns.bars.high, columns.bars.low, window, out)
    out /= 100.0


def _plus_di(columns: Columns, out: Floats, window: int) -> None:
    np.divide(_directional(columns, window)[0], 100.0, out=out)


def _minus_di(columns: Columns, out: Floats, window: int) -> None:
    np.divide(_directional(columns, window)[1], 100.0, out=out)


def _directional(columns: Columns, window: int) -> Floats:
    """+DI and -DI, shape (2, n_bars)."""

    def make() -> Floats:
        bars, lines = columns.bars, np.empty((2, len(columns.bars)))
        backends.ranges().directional_nb(bars.high, bars.low, bars.close, window, *lines)
        return lines

    return columns.once(("directional", window), make)


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
        compute=_plus_di,
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
        compute=_minus_di,
    )
)
