"""Timeframes and trading calendars: how long a bar is and how many of them a year holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from algotrade.errors import nearest, shown
from marketdata.errors import UnknownTimeframe

MINUTES_A_DAY = 1440
SESSION_MINUTES = 390
"""Length of a regular session of the exchange calendar (09:30 to 16:00 in New York)."""


@dataclass(frozen=True, slots=True)
class Timeframe:
    """The span of one bar."""

    name: str
    label: str
    minutes: int

    @property
    def is_intraday(self) -> bool:
        """Whether several bars fit into one day."""
        return self.minutes < MINUTES_A_DAY

    @property
    def nanoseconds(self) -> int:
        """The span as numpy's datetime64[ns] counts it."""
        return self.minutes * 60_000_000_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a market trades, as far as counting bars needs it."""

    name: str
    label: str
    days_a_year: int
    minutes_a_day: int
    trades_weekends: bool


TIMEFRAMES: Mapping[str, Timeframe] = MappingProxyType(
    {
        item.name: item
        for item in (
            Timeframe("1m", "1 minute", 1),
            Timeframe("5m", "5 minutes", 5),
            Timeframe("15m", "15 minutes", 15),
            Timeframe("1h", "1 hour", 60),
            Timeframe("4h", "4 hours", 240),
            Timeframe("1d", "1 day", MINUTES_A_DAY),
            Timeframe("1w", "1 week", 7 * MINUTES_A_DAY),
        )
    }
)

CALENDARS: Mapping[str, Calendar] = MappingProxyType(
    {
        item.name: item
        for item in (
            Calendar("exchange", "Stock exchange (252 days a year)", 252, SESSION_MINUTES, False),
            Calendar("fx", "Foreign exchange (260 days a year)", 260, MINUTES_A_DAY, False),
            Calendar("24/7", "Every day, all day (365 days a year)", 365, MINUTES_A_DAY, True),
        )
    }
)


def get_timeframe(name: str) -> Timeframe:
    """Return the timeframe called `name`; a miss lists the valid names."""
    if name not in TIMEFRAMES:
        raise _unknown("timeframe", name, TIMEFRAMES)
    return TIMEFRAMES[name]


def get_calendar(name: str) -> Calendar:
    """Return the calendar called `name`; a miss lists the valid names."""
    if name not in CALENDARS:
        raise _unknown("calendar", name, CALENDARS)
    return CALENDARS[name]


def periods_per_year(timeframe: str, calendar: str) -> int:
    """Bars in a year, the P of annualisation.

    A session that is no whole number of bars counts its short last one: an exchange day of 390 minutes holds
    7 hourly bars. A year holds 52 weekly bars on every calendar.
    """
    span, market = get_timeframe(timeframe), get_calendar(calendar)
    if span.minutes > MINUTES_A_DAY:
        return 52
    bars_a_day = -(-market.minutes_a_day // span.minutes)
    return market.days_a_year * bars_a_day


def _unknown(what: str, name: str, known: Iterable[str]) -> UnknownTimeframe:
    message = f"{shown(name)} is not a known {what}. {nearest(name, known)}"
    return UnknownTimeframe(message, fields={what: [message]})
