"""What the functions of the rule language compute: the lab's own indicators, by the key of their record.

Each takes the bars' columns and its arguments in order. Libraries behind the indicators load on first use.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.indicators import TechnicalIndicators as Ti

Line: TypeAlias = NDArray[np.float64]

COMPUTED: dict[str, Callable[..., Any]] = {
    "sma": lambda bars, source, period: Ti.moving_average(source, period),
    "ema": lambda bars, source, period: Ti.exponential_moving_average(source, period),
    "vwap": lambda bars, period: Ti.vwap(bars.high, bars.low, bars.close, bars.volume, period),
    "bollinger": lambda bars, source, period, width: Ti.bollinger_bands(source, period, width),
    "donchian": lambda bars, period: Ti.donchian_channel(bars.high, bars.low, period),
    "keltner": lambda bars, period, multiple, atr_period: Ti.keltner_channel(
        bars.high, bars.low, bars.close, period, multiple, atr_period
    ),
    "rsi": lambda bars, source, period: Ti.rsi(source, period),
    "macd": lambda bars, source, fast, slow, signal: Ti.macd(source, fast, slow, signal),
    "stochastic": lambda bars, k, smooth, d: Ti.stochastic(bars.high, bars.low, bars.close, k, smooth, d),
    "roc": lambda bars, source, period: Ti.rate_of_change(source, period),
    "williams_r": lambda bars, period: Ti.williams_r(bars.high, bars.low, bars.close, period),
    "cci": lambda bars, period: Ti.cci(bars.high, bars.low, bars.close, period),
    "true_range": lambda bars: Ti.true_range(bars.high, bars.low, bars.close),
    "atr": lambda bars, period: Ti.atr(bars.high, bars.low, bars.close, period),
    "directional": lambda bars, period: Ti.directional_index(bars.high, bars.low, bars.close, period),
    "volatility": lambda bars, source, period, per_year: Ti.rolling_volatility(source, period, per_year),
    "obv": lambda bars: Ti.on_balance_volume(bars.close, bars.volume),
    "mfi": lambda bars, period: Ti.money_flow_index(bars.high, bars.low, bars.close, bars.volume, period),
    "highest": lambda bars, source, period: Ti.highest(source, period),
    "lowest": lambda bars, source, period: Ti.lowest(source, period),
    "stdev": lambda bars, source, period: Ti.standard_deviation(source, period),
    # The average is exact to the last digit and keeps no error of values that left the window.
    "sum": lambda bars, source, period: Ti.moving_average(source, period) * period,
}


def on_runs(function: Callable[[Line], Any], source: Line, least: int) -> Any:
    """Apply a function to each run of defined values by itself, NaN elsewhere.

    Indicators refuse NaN, and a source begins with some (its own warm-up) or has a hole (a division by 0).
    A run of at most `least` values is too short to give any and is left NaN.

    Parameters
    ----------
    function : callable
        From a column without NaN to one line, or a tuple of lines, of its length.
    source : ndarray of shape (n_bars,)
    least : int
        Rows before the function's first defined row.
    """
    defined = ~np.isnan(source)
    if defined.all():
        return function(source)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], defined, [False])).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    long_enough = ends - starts > least
    pieces = [
        (a, b, function(source[a:b])) for a, b in zip(starts[long_enough], ends[long_enough], strict=True)
    ]
    if not pieces:
        pieces = [(0, 0, function(source[:0]))]
    if isinstance(pieces[0][2], tuple):
        count = len(pieces[0][2])
        return tuple(_joined([(a, b, lines[i]) for a, b, lines in pieces], source.size) for i in range(count))
    return _joined(pieces, source.size)


def _joined(pieces: list[tuple[int, int, Line]], length: int) -> Line:
    out = np.full(length, np.nan)
    for start, end, values in pieces:
        out[start:end] = values
    return out


def column(bars: Bars, name: str) -> Line:
    """A column of the bars, or what is read off each bar alone."""
    if name in ("open", "high", "low", "close", "volume"):
        values: Line = getattr(bars, name)
        return values
    return np.asarray(_DERIVED[name](bars), dtype=np.float64)


_DERIVED: dict[str, Callable[[Bars], NDArray[Any]]] = {
    "hl2": lambda bars: (bars.high + bars.low) / 2.0,
    "hlc3": lambda bars: (bars.high + bars.low + bars.close) / 3.0,
    "ohlc4": lambda bars: (bars.open + bars.high + bars.low + bars.close) / 4.0,
    # 1970-01-01 was a Thursday.
    "day_of_week": lambda bars: (_days(bars) + 3) % 7 + 1.0,
    "day_of_month": lambda bars: (
        (bars.time.astype("datetime64[D]") - bars.time.astype("datetime64[M]")).astype(np.float64) + 1.0
    ),
    "month": lambda bars: bars.time.astype("datetime64[M]").astype(np.int64) % 12 + 1.0,
    "hour": lambda bars: bars.time.astype("datetime64[h]").astype(np.int64) % 24 + 0.0,
}


def _days(bars: Bars) -> NDArray[np.int64]:
    return bars.time.astype("datetime64[D]").astype(np.int64)
