"""Complete sets of rules to begin from. The first three are built-in strategies written out."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """Rules by role and named values, with a label and a sentence."""

    key: str
    label: str
    help: str
    rules: dict[str, str]
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "label": self.label,
            "help": self.help,
            "rules": self.rules,
            "values": self.values,
        }


def _whole(value: int, minimum: int, maximum: int, label: str) -> dict[str, Any]:
    return {"value": value, "minimum": minimum, "maximum": maximum, "step": 1, "label": label}


def _fraction(value: float, minimum: float, maximum: float, step: float, label: str) -> dict[str, Any]:
    return {"value": value, "minimum": minimum, "maximum": maximum, "step": step, "label": label}


_AVERAGES = {"fast": _whole(10, 2, 200, "Fast average"), "slow": _whole(30, 5, 400, "Slow average")}
_MACD = "macd(close, fast, slow, signal), macd_signal(close, fast, slow, signal)"

EXAMPLES: tuple[Example, ...] = (
    Example(
        "ma_crossover", "Moving average crossover",
        "Long since the fast average crossed above the slow one, else short.",
        {"long_entry": "crossover(sma(close, fast), sma(close, slow))",
         "short_entry": "crossunder(sma(close, fast), sma(close, slow))"},
        _AVERAGES,
    ),
    Example(
        "rsi", "RSI reversal", "Buys oversold, sells overbought, and holds between.",
        {"long_entry": "rsi(close, period) < oversold", "short_entry": "rsi(close, period) > overbought"},
        {"period": _whole(14, 2, 200, "RSI period"), "oversold": _whole(30, 1, 50, "Oversold below"),
         "overbought": _whole(70, 50, 99, "Overbought above")},
    ),
    Example(
        "macd", "MACD crossover", "Follows the MACD line as it crosses its signal line.",
        {"long_entry": f"crossover({_MACD})", "short_entry": f"crossunder({_MACD})"},
        {"fast": _whole(12, 2, 100, "Fast average"), "slow": _whole(26, 5, 200, "Slow average"),
         "signal": _whole(9, 2, 50, "Signal average")},
    ),
    Example(
        "breakout", "Breakout with a filter", "A new high in a rising market; out at a low or after some bars.",
        {"long_entry": "close > highest(high, entry)[1] and close > sma(close, trend)",
         "long_exit": "close < lowest(low, exit)[1] or hold for longest bars"},
        {"entry": _whole(20, 5, 100, "New high of"), "exit": _whole(10, 2, 100, "New low of"),
         "trend": _whole(200, 50, 400, "Trend average"), "longest": _whole(120, 5, 500, "Longest holding")},
    ),
    Example(
        "dip", "Dip in an uptrend", "Buys weakness above the long average, and is out after a few bars.",
        {"long_entry": "close > sma(close, trend) and rsi(close, 2) < weak",
         "long_exit": "close > sma(close, 5) or hold for 10 bars"},
        {"trend": _whole(200, 20, 400, "Trend average"), "weak": _whole(10, 1, 50, "RSI below")},
    ),
    Example(
        "squeeze", "Out of a quiet market", "A narrow band, then a close beyond it; smaller when the market is wild.",
        {"long_entry": "crossover(close, bollinger_upper(close, 20, width))\n"
                       "and lowest(stdev(close, 20) / close, 60)[1] < quiet",
         "long_exit": "close < bollinger_middle(close, 20, width)",
         "short_entry": "crossunder(close, bollinger_lower(close, 20, width))\n"
                        "and lowest(stdev(close, 20) / close, 60)[1] < quiet",
         "short_exit": "close > bollinger_middle(close, 20, width)",
         "size": "min(1, 0.15 / volatility(close, 20))"},
        {"width": _fraction(2.0, 0.5, 4.0, 0.1, "Band width"),
         "quiet": _fraction(0.015, 0.002, 0.05, 0.001, "Quiet below")},
    ),
    Example(
        "turn_of_month", "Turn of the month", "Long over the last days of a month and the first of the next.",
        {"long_entry": "day_of_month >= from_day or day_of_month <= 2",
         "long_exit": "day_of_month > 2 and day_of_month < from_day"},
        {"from_day": _whole(26, 15, 31, "From day")},
    ),
)  # fmt: skip
