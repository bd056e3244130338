"""What a file's name and the times of its bars say: symbol, timeframe, calendar and zone."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import pairwise
from math import gcd
from statistics import median_low

from marketdata.timeframes import TIMEFRAMES

DAY = 86_400_000_000_000
HOUR = 3_600_000_000_000
_MINUTES = {item.minutes: name for name, item in TIMEFRAMES.items()}

_CURRENCIES = "AUD|CAD|CHF|CNH|CZK|DKK|EUR|GBP|HKD|HUF|JPY|MXN|NOK|NZD|PLN|RUB|SEK|SGD|TRY|USD|XAG|XAU|ZAR"
_FX = re.compile(rf"(?:{_CURRENCIES})[/_-]?(?:{_CURRENCIES})(?:=X)?")
_CRYPTO = re.compile(
    r"(?:BTC|XBT|ETH|SOL|XRP|BNB|ADA|DOGE|LTC|DOT|AVAX)[/_-]?[A-Z]{3,5}|[A-Z0-9]{2,10}[/_-]?(?:USDT|USDC|BUSD)"
)
_SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9.^=/_-]{0,31}")
_TIMEFRAME = re.compile(
    r"(?P<count>\d{1,4})[ _-]?(?P<unit>m|min|mins|minute|minutes|h|hr|hour|hours|d|day|days|w|week|weeks)"
    r"|(?P<mt>m|h|d|w)(?P<mtcount>\d{1,2})|mn1?|(?P<word>daily|weekly|hourly|d|w)",
    re.IGNORECASE,
)
_UNITS = {"m": 1, "h": 60, "d": 1440, "w": 10080}
_WORDS = {"daily": 1440, "weekly": 10080, "hourly": 60, "d": 1440, "w": 10080}
_NOT_A_SYMBOL = """
data historicaldata history historical ohlc ohlcv prices price export download table intraday daily
weekly monthly dat ascii csv quotes candles candlestick klines binance bitstamp coinbase kraken
nasdaq nyse bats amex oanda fx fxcm kucoin bitfinex spot um cm file upload sample test bars us bid
ask min stock time series adjusted the of chart my new head part hour day minute
"""
_NO_SYMBOLS = frozenset(_NOT_A_SYMBOL.split())


def from_file_name(file_name: str) -> tuple[str, str | None]:
    """Return the symbol ("" when there is none) and the timeframe that a file's name speaks of."""
    stem = re.split(r"[\\/]", file_name)[-1]
    stem = re.sub(r"(\.(csv|txt|tsv|gz|parquet|prn|dat|zip|asc))+$", "", stem, flags=re.IGNORECASE)
    stem = re.sub(r"\s*\(\d+\)$|\.(us|uk|de|pl|jp|hk)$", "", stem, flags=re.IGNORECASE)
    stem = re.sub(r"(?<![0-9])(\d{1,2})[ _](?=(?:min|hour|day|week))", r"\1", stem, flags=re.IGNORECASE)
    timeframe = None
    symbols: list[str] = []
    for word in re.split(r"[\s,_]+|-(?=\d)|(?<=\d[a-zA-Z])-|(?<=USDT)-", stem):
        if not word:
            continue
        if timeframe is None and (minutes := _minutes(word)):
            timeframe = _MINUTES.get(minutes)
        elif found := re.fullmatch(r"([A-Za-z]{6})(\d{1,5}|Daily|Weekly)", word):  # MetaTrader 4: EURUSD60
            symbols.append(found[1])
            timeframe = timeframe or _MINUTES.get(_WORDS.get(found[2].lower(), 0) or int(found[2]))
        elif _is_symbol(word):
            symbols.append(word)
        elif word.isdecimal() and symbols and timeframe is None:  # TradingView and Kraken: "SPY, 15"
            timeframe = _MINUTES.get(int(word))
    return (symbols[0].upper() if symbols else ""), timeframe


def from_period(text: str) -> str | None:
    """Return the timeframe that a cell of a period column names: D, 60, 5, H1."""
    text = text.strip()
    minutes = int(text) if text.isdecimal() and len(text) < 6 else _minutes(text)
    return _MINUTES.get(minutes or 0)


def _minutes(word: str) -> int | None:
    found = _TIMEFRAME.fullmatch(word)
    if not found or word == "M":
        return None
    if found["word"]:
        return _WORDS[found["word"].lower()]
    if found["count"]:
        # 1M is a month where 1m is a minute.
        return None if found["unit"] == "M" else int(found["count"]) * _UNITS[found["unit"][0].lower()]
    return int(found["mtcount"]) * _UNITS[found["mt"].lower()] if found["mt"] else None


def _is_symbol(word: str) -> bool:
    return (
        word.lower() not in _NO_SYMBOLS
        and any(letter.isalpha() for letter in word)
        and bool(_SYMBOL.fullmatch(word))
        and not re.fullmatch(r"[0-9a-f]{5,}", word)
    )


def timeframe_of(times: Sequence[int]) -> tuple[str | None, str]:
    """Return the timeframe whose steps these UTC nanoseconds take (None for no known one), and a remark."""
    ordered = sorted(set(times))
    steps = [after - before for before, after in pairwise(ordered)]
    if not steps:
        return None, "One bar alone does not show the timeframe."
    middle = median_low(steps)
    if exact := _named(middle):
        return exact, ""
    common = reduce(gcd, steps)
    fits = [name for name, item in TIMEFRAMES.items() if common % item.nanoseconds == 0]
    if fits and common < middle < DAY:  # quiet minutes are left out by many sources
        return fits[-1], f"Bars are {_words(middle)} apart as a rule, with steps that fit {fits[-1]}."
    if 0.9 * DAY <= middle <= 1.5 * DAY:
        return "1d", ""
    return None, f"Bars are {_words(middle)} apart, which is none of {', '.join(TIMEFRAMES)}."


def _named(step: int) -> str | None:
    return next((name for name, item in TIMEFRAMES.items() if item.nanoseconds == step), None)


def _words(step: int) -> str:
    minutes = step / 60_000_000_000
    for size, unit in ((1440, "days"), (60, "hours"), (1, "minutes")):
        if minutes >= size:
            return f"{minutes / size:g} {unit}"
    return f"{minutes * 60:g} seconds"


def calendar_of(
    times: Sequence[int], symbol: str, timeframe: str | None, dialect: str
) -> tuple[str | None, str]:
    """Return the calendar that the days and hours of bars speak for, and what was assumed."""
    symbol = symbol.upper()
    days = Counter((time // DAY + 3) % 7 for time in times)  # 1970-01-01 was a Thursday; Monday is 0
    is_intraday = timeframe is None or TIMEFRAMES[timeframe].is_intraday
    if days[5] and days[6] and timeframe != "1w":
        return "24/7", ""
    spans_week = bool(times) and (max(times) - min(times)) >= 7 * DAY
    if not spans_week or timeframe == "1w":
        if dialect == "binance" or _CRYPTO.fullmatch(symbol):
            return "24/7", "The bars are too few to show weekends; the symbol or the source speaks for 24/7."
        if _FX.fullmatch(symbol):
            return "fx", ""
    if is_intraday and (days[6] or len({time // HOUR % 24 for time in times}) >= 20):
        return "fx", ""
    if _FX.fullmatch(symbol):
        return "fx", ""
    return ("exchange", "") if times else (None, "")


def zone_of(offsets: Iterable[dt.timedelta]) -> str | None:
    """Return the zone that a set of offsets from UTC is typical of."""
    hours = {offset / dt.timedelta(hours=1) for offset in offsets}
    typical = {
        "UTC": {0.0},
        "America/New_York": {-5.0, -4.0},
        "Europe/Berlin": {1.0, 2.0},
        "Europe/London": {0.0, 1.0},
        "America/Chicago": {-6.0, -5.0},
        "Asia/Tokyo": {9.0},
        "Asia/Kolkata": {5.5},
        "Asia/Hong_Kong": {8.0},
    }
    return next((zone for zone, known in typical.items() if hours and hours <= known), None)
