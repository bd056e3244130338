"""The product's indicators and TA-Lib's, called in turns in one process: the same C library serves some of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.peers.cases import Arguments, Prepared
from benchmarks.peers.cases.product import bars_of
from marketdata.bars import Bars

Function = Callable[[Bars], Any]


def indicator(arguments: Arguments) -> Prepared:
    """One indicator, by the product's class or by TA-Lib in the same process."""
    functions = _ours() if arguments["maker"] == "product" else _talib()
    function, bars = functions[arguments["indicator"]], bars_of(arguments["bars"])
    return Prepared(lambda: function(bars), lambda lines: {"line": _last_rows(lines)})


def _last_rows(lines: Any) -> list[float]:
    """The first line's values at the end, where a different seed has died away."""
    line = lines if isinstance(lines, np.ndarray) else lines[0]
    return [float(value) for value in line[-1000:]]


def _ours() -> Mapping[str, Function]:
    from strategies.indicators import TechnicalIndicators as Ours

    return {
        "SMA(20)": lambda b: Ours.moving_average(b.close, 20),
        "EMA(20)": lambda b: Ours.exponential_moving_average(b.close, 20),
        "RSI(14)": lambda b: Ours.rsi(b.close, 14),
        "MACD(12,26,9)": lambda b: tuple(Ours.macd(b.close, 12, 26, 9)),
        "Bollinger(20,2)": lambda b: tuple(Ours.bollinger_bands(b.close, 20, 2.0)),
        "ATR(14)": lambda b: Ours.atr(b.high, b.low, b.close, 14),
        "Stochastic(14,3,3)": lambda b: tuple(Ours.stochastic(b.high, b.low, b.close, 14, 3, 3)),
        "ADX(14)": lambda b: Ours.adx(b.high, b.low, b.close, 14),
    }


def _talib() -> Mapping[str, Function]:
    import talib

    return {
        "SMA(20)": lambda b: talib.SMA(b.close, 20),
        "EMA(20)": lambda b: talib.EMA(b.close, 20),
        "RSI(14)": lambda b: talib.RSI(b.close, 14),
        "MACD(12,26,9)": lambda b: talib.MACD(b.close, 12, 26, 9),
        "Bollinger(20,2)": lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0),
        "ATR(14)": lambda b: talib.ATR(b.high, b.low, b.close, 14),
        "Stochastic(14,3,3)": lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0),
        "ADX(14)": lambda b: talib.ADX(b.high, b.low, b.close, 14),
    }


CASES: dict[str, Callable[[Arguments], Prepared]] = {"indicator": indicator}
