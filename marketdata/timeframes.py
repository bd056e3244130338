"""Timeframes and trading calendars: how long a bar is and how many of them a year holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from algotrade.errors import nearest, shown
from marketdata.errors import UnknownTimeframe

MINUTES_A_DAY = 1440
SESSION_MINUTES = 390
"""Length of a regular session of the generic exchange calendar (09:30 to 16:00 in New York)."""
GENERIC = "exchange"
"""The calendar of an exchange that is not named: weekdays, without knowledge of its holidays and hours."""


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
    """When a market trades, as far as counting bars needs it; the sessions themselves are in `marketdata.sessions`.

    Exchanges are named by their market identifier code (ISO 10383). `days_a_year` is the rounded mean of recent
    years, `minutes_a_day` a regular session of today without its lunch break, `group` the heading in a list of choices.
    """

    name: str
    label: str
    days_a_year: int
    minutes_a_day: int
    trades_weekends: bool = False
    timezone: str = "UTC"
    group: str = "General"

    @property
    def knows_sessions(self) -> bool:
        """Whether the days and hours of trading are known, not only how many there are."""
        return self.name != GENERIC


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

_GENERAL = (
    Calendar(GENERIC, "Stock exchange (252 days a year)", 252, SESSION_MINUTES),
    Calendar("fx", "Foreign exchange (260 days a year)", 260, MINUTES_A_DAY, timezone="America/New_York"),
    Calendar("24/7", "Every day, all day (365 days a year)", 365, MINUTES_A_DAY, trades_weekends=True),
)
# Code, label, days a year, minutes a day, timezone.
_AMERICAS = (
    ("XNYS", "New York (NYSE)", 252, 390, "America/New_York"),
    ("XNAS", "New York (Nasdaq)", 252, 390, "America/New_York"),
    ("CMES", "Chicago (CME futures, 23 hours)", 258, 1380, "America/Chicago"),
    ("XTSE", "Toronto", 251, 390, "America/Toronto"),
    ("XMEX", "Mexico City", 252, 390, "America/Mexico_City"),
    ("BVMF", "São Paulo (B3)", 248, 480, "America/Sao_Paulo"),
)
_EUROPE = (
    ("XLON", "London", 253, 510, "Europe/London"),
    ("XPAR", "Paris (Euronext)", 256, 510, "Europe/Paris"),
    ("XAMS", "Amsterdam (Euronext)", 256, 510, "Europe/Amsterdam"),
    ("XBRU", "Brussels (Euronext)", 256, 510, "Europe/Brussels"),
    ("XETR", "Frankfurt (Xetra)", 254, 510, "Europe/Berlin"),
    ("XMIL", "Milan", 254, 510, "Europe/Rome"),
    ("XMAD", "Madrid", 256, 510, "Europe/Madrid"),
    ("XSWX", "Zurich (SIX)", 252, 510, "Europe/Zurich"),
    ("XSTO", "Stockholm", 252, 510, "Europe/Stockholm"),
    ("XCSE", "Copenhagen", 250, 480, "Europe/Copenhagen"),
    ("XHEL", "Helsinki", 251, 510, "Europe/Helsinki"),
    ("XOSL", "Oslo", 251, 440, "Europe/Oslo"),
    ("XWAR", "Warsaw", 250, 480, "Europe/Warsaw"),
)
_AFRICA_ASIA_PACIFIC = (
    ("XJSE", "Johannesburg", 250, 480, "Africa/Johannesburg"),
    ("XBOM", "Mumbai (BSE)", 246, 375, "Asia/Kolkata"),
    ("XSES", "Singapore", 251, 480, "Asia/Singapore"),
    ("XHKG", "Hong Kong", 246, 330, "Asia/Hong_Kong"),
    ("XSHG", "Shanghai", 243, 240, "Asia/Shanghai"),
    ("XTAI", "Taipei", 243, 270, "Asia/Taipei"),
    ("XKRX", "Seoul", 246, 390, "Asia/Seoul"),
    ("XTKS", "Tokyo", 244, 330, "Asia/Tokyo"),
    ("XASX", "Sydney", 253, 360, "Australia/Sydney"),
    ("XNZE", "Wellington", 251, 405, "Pacific/Auckland"),
)


def _exchanges() -> Iterator[Calendar]:
    groups = {"Americas": _AMERICAS, "Europe": _EUROPE, "Africa, Asia and Pacific": _AFRICA_ASIA_PACIFIC}
    for group, rows in groups.items():
        for name, label, days, minutes, zone in rows:
            yield Calendar(name, label, days, minutes, timezone=zone, group=group)


CALENDARS: Mapping[str, Calendar] = MappingProxyType({item.name: item for item in (*_GENERAL, *_exchanges())})


def calendar_groups() -> dict[str, list[Calendar]]:
    """Return the calendars under the headings of their groups, for a list of choices."""
    groups: dict[str, list[Calendar]] = {}
    for item in CALENDARS.values():
        groups.setdefault(item.group, []).append(item)
    return groups


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
