"""What the names of columns mean, in any case and order, and whose files have such names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from marketdata.bars import PRICES

DIALECTS = {
    "yahoo": "Yahoo Finance",
    "binance": "Binance",
    "stooq": "Stooq",
    "metatrader": "MetaTrader",
    "tradingview": "TradingView",
    "alpha_vantage": "Alpha Vantage",
    "generic": "a table of bars",
}

# Names are compared in lower case, letters and digits alone, without a number in front ("1. open").
_ROLES: dict[str, tuple[str, ...]] = {
    role: tuple(names.split())
    for role, names in {
        "open": "open o openprice opening openingprice otwarcie eroffnung eröffnung erster",
        "high": "high h highprice max highest najwyzszy najwyższy hoch hochst höchst",
        "low": "low l lowprice min lowest najnizszy najniższy tief tiefst",
        "close": """
            close c closeprice closing closingprice zamkniecie zamknięcie schluss
            schlusskurs last closelast lastprice price
        """,
        "volume": """
            volume vol v basevolume volumetraded tradedvolume totalvolume wolumen volumen
            stücke stuecke umsatz realvolume tickvolume tickvol quotevolume amount
        """,
        "adj_close": "adjclose adjustedclose adjcloseprice closeadj closeadjusted adjustedcloseprice",
    }.items()
}
"""Names of each role, best first: of two columns with names of one role, the one with the better name has it."""

_NAMES_OF_TIMES = """
opentime opentimestamp datetime timestamp unix unixtime unixtimestamp timeunix epoch time date data
datum dateandtime datetimestamp ts t d dt day tradedate tradingdate tradingday candletime bartime
starttime start begin localtime gmttime utctime windowstart tsevent zeit uhrzeit czas opendate
dateutc
"""
_TIMES = tuple(_NAMES_OF_TIMES.split())
_SYMBOLS = ("ticker", "symbol", "tic", "instrument", "pair", "stock", "asset", "secid", "code", "name")
_PERIODS = ("per", "period", "timeframe", "interval", "resolution")

_ZONES = {
    "utc": "UTC",
    "gmt": "UTC",
    "est": "Etc/GMT+5",
    "et": "America/New_York",
    "edt": "America/New_York",
    "cet": "Europe/Berlin",
    "eet": "Europe/Athens",
    "msk": "Europe/Moscow",
    "jst": "Asia/Tokyo",
    "ist": "Asia/Kolkata",
}
_IANA = re.compile(r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+")
_ALPHA_VANTAGE = {"adjustedclose", "volume", "dividendamount", "splitcoefficient"}
_BY_NAMES = {
    "yahoo": ({"dividends", "stocksplits"},),
    "binance": (
        {"opentime", "closetime"},
        {"takerbuyvolume", "takerbuybaseassetvolume"},
        {"takerbuybasevolume"},
    ),
    "stooq": ({"ticker", "per", "date", "openint"}, {"data", "otwarcie", "zamkniecie"}),
    "metatrader": ({"date", "tickvol", "spread"}, {"time", "tickvolume", "realvolume", "spread"}),
}


class Ambiguous(Exception):
    """Two columns claim one role with equally good names."""

    def __init__(self, role: str, first: str, second: str) -> None:
        super().__init__(f"columns {first!r} and {second!r} both mean {role}. Rename or remove one of them.")


def plain(name: str) -> str:
    """Return a name as it is compared: lower case, letters and digits alone, no number and no zone beside it."""
    name = re.sub(r"^\s*\d+\s*\.\s+", "", name.casefold())
    name = re.sub(
        r"\((utc|gmt|est|et|edt|cet|eet|msk|jst|ist|[a-z]+/[a-z_]+)[^)]*\)|[_ ](utc|gmt)$", "", name
    )
    return "".join(letter for letter in name if letter.isalnum())


def value_roles(names: Sequence[str]) -> dict[str, int]:
    """Return where each of the prices, the volume and the adjusted close stands; `Ambiguous` when two names tie."""
    plains = [plain(name) for name in names]
    found: dict[str, int] = {}
    for role, known in _ROLES.items():
        ranked = sorted(
            (known.index(name), position) for position, name in enumerate(plains) if name in known
        )
        if not ranked:
            continue
        if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
            raise Ambiguous(role, names[ranked[0][1]], names[ranked[1][1]])
        found[role] = ranked[0][1]
    if "volume" not in found:  # "Volume BTC": the first of several is that of the base
        further = [position for position, name in enumerate(plains) if name.startswith("volume")]
        found |= {"volume": further[0]} if further else {}
    return found


def is_header(names: Sequence[str]) -> bool:
    """Whether cells name columns of bars: at least three of the prices, or two and a time."""
    if len(names) < 4:
        return False
    try:
        roles = value_roles(names)
    except Ambiguous:
        return True
    return sum(name in roles for name in PRICES) + bool(time_columns(names)) >= 3


def time_columns(names: Sequence[str]) -> list[int]:
    """Return the columns whose names say that they hold times, best names first."""
    plains = [plain(name) for name in names]
    return sorted(
        (position for position, name in enumerate(plains) if name in _TIMES),
        key=lambda at: _TIMES.index(plains[at]),
    )


def symbol_column(names: Sequence[str]) -> int | None:
    """Return the column that holds the symbol."""
    return _first(names, _SYMBOLS)


def period_column(names: Sequence[str]) -> int | None:
    """Return the column that holds the timeframe."""
    return _first(names, _PERIODS)


def zone_hint(name: str) -> str | None:
    """Return the timezone that a column's name speaks of: "Date (UTC)", "Gmt time", "time_utc"."""
    if found := _IANA.search(name):
        return found[0]
    words = re.findall(r"[a-z]+", name.casefold())
    return next((_ZONES[word] for word in words if word in _ZONES), None)


def dialect_of(names: Sequence[str]) -> str:
    """Return whose header this is."""
    plains = [plain(name) for name in names]
    for dialect, sets in _BY_NAMES.items():
        if any(one <= set(plains) for one in sets):
            return dialect
    if "Adj Close" in names and "Date" in names:
        return "yahoo"
    if list(names[:5]) == ["timestamp", *PRICES] and set(plains[5:]) <= _ALPHA_VANTAGE:
        return "alpha_vantage"
    if list(names[:5]) == ["time", *PRICES]:
        return "tradingview"
    if list(names[:5]) == ["Date", "Open", "High", "Low", "Close"] and plains[5:] in ([], ["volume"]):
        return "stooq"
    return "generic"


def _first(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((position for position, name in enumerate(names) if plain(name) in known), None)
