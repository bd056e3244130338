"""Times as files write them, turned into UTC nanoseconds."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import cache

from marketdata.reading.moments import EPOCH, Moment, parse

_ONE_MICROSECOND = dt.timedelta(microseconds=1)
_FUTURE_TOLERANCE = dt.timedelta(days=1)
_FIRST, _AFTER = dt.datetime(1678, 1, 1, tzinfo=dt.UTC), dt.datetime(2262, 1, 1, tzinfo=dt.UTC)
_OUTSIDE = "is not within the years 1678 to 2261. Check the year, or the unit of Unix times."
_UTC_NAMES = {"UTC", "ETC/UTC", "ETC/UCT", "UCT", "ZULU", "ETC/ZULU"}


@cache
def _zone_names() -> frozenset[str]:
    """The names that mean the same on each machine: files like localtime and right/UTC lie beside them."""
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


def get_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the IANA timezone called `name`; raise ValueError when there is none."""
    if name not in _zone_names():
        shown = str(name)[:40]
        raise ValueError(f"{shown!r} is not a timezone. Use a name like UTC or America/New_York.")
    return zoneinfo.ZoneInfo(name)


def latest_ns(latest: dt.datetime | None = None) -> int:
    """Return the moment after which a bar is refused as a future date, in nanoseconds: a day from now unless told."""
    latest = latest or dt.datetime.now(dt.UTC) + _FUTURE_TOLERANCE
    return int(latest.timestamp()) * 1_000_000_000


class TimeReader:
    """Turns the text of a time into UTC nanoseconds.

    Parameters
    ----------
    timezone : str
        IANA name of the zone that times without an offset are written in.
    session_dates : bool
        True for daily and longer bars: only the calendar date in that zone counts, as midnight UTC.
    time_format : str
        One of `layout.TIME_FORMATS`; what each accepts is in `marketdata.reading.moments`.

    Attributes
    ----------
    kind : "date", "local", "instant" or None
        How the first time was written: a date alone, a local time, or an instant (with an offset, or a Unix time).
        Later times must be written alike, or the same file would mean two timezones.

    Notes
    -----
    - A date alone is a session date: midnight UTC in every mode. With `session_dates`, and in UTC, it may stand
      among times of day, because it means the same moment there; elsewhere it would not, and is refused.
    - With `session_dates`, an instant at exactly midnight UTC keeps its UTC date (that is how daily bars are
      published with Unix times); any other instant takes the date it has in `timezone`.
    - A local time that exists twice (clocks go back) is the first one, unless the bars would then not be in
      order; one that does not exist (clocks go forward) is refused.
    - What is finer than a microsecond is cut off, as databases do.
    """

    def __init__(self, timezone: str, *, session_dates: bool, time_format: str = "auto") -> None:
        self.zone = get_zone(timezone)
        self.timezone = timezone
        self.session_dates = session_dates
        self.time_format = time_format
        self.kind: str | None = None
        self._is_utc = timezone.upper() in _UTC_NAMES

    def read(self, text: str, after: int | None = None) -> int:
        """Return the instant of `text` in nanoseconds since 1970; ValueError says why it has none.

        `after` is the time of the bar before, used to choose between the two of an ambiguous local time.
        """
        found = parse(text.strip(), self.time_format)
        if (
            not _FIRST.year <= found.moment.year < _AFTER.year
        ):  # before any zone moves it beyond what dates can hold
            raise ValueError(_OUTSIDE)
        self._compare(found)
        time = self._resolve(found, after)
        if self.kind is None or self.kind == "date":
            self.kind = found.kind
        return time

    def _compare(self, found: Moment) -> None:
        if self.kind is None or found.kind == self.kind:
            return
        if "date" in (found.kind, self.kind):
            if self.session_dates or self._is_utc:
                return
            with_day = "is a date alone" if found.kind == "date" else "has a time of day"
            other = "have a time of day" if found.kind == "date" else "are dates alone"
            raise ValueError(
                f"{with_day} while earlier rows {other}: mixed timezones, because a date alone is midnight UTC. "
                "Write every time in the same way."
            )
        has, have = (
            ("has an offset from UTC", "none")
            if found.kind == "instant"
            else ("has no offset from UTC", "one")
        )
        raise ValueError(
            f"{has} while earlier rows have {have}: mixed timezones. Write every time in the same way."
        )

    def _resolve(self, found: Moment, after: int | None) -> int:
        if found.kind == "date":
            return _nanoseconds(found.moment.replace(tzinfo=dt.UTC))
        if found.kind == "instant":
            return self._from_instant(found.moment.astimezone(dt.UTC))
        if self.session_dates:
            return _nanoseconds(_midnight(found.moment.date()))
        if self._is_utc:
            return _nanoseconds(found.moment.replace(tzinfo=dt.UTC))
        return self._from_local(found.moment, after)

    def _from_instant(self, moment: dt.datetime) -> int:
        if self.session_dates and moment.timetz() != dt.time(tzinfo=dt.UTC):
            moment = _midnight(moment.astimezone(self.zone).date())
        return _nanoseconds(moment)

    def _from_local(self, moment: dt.datetime, after: int | None) -> int:
        first = moment.replace(tzinfo=self.zone).astimezone(dt.UTC)
        second = moment.replace(tzinfo=self.zone, fold=1).astimezone(dt.UTC)
        if first == second:
            return _nanoseconds(first)
        if first.astimezone(self.zone).replace(tzinfo=None) != moment:
            raise ValueError(
                f"does not exist in {self.timezone} (clocks go forward then). Check the timezone of the file."
            )
        earlier = _nanoseconds(first)
        return earlier if after is None or earlier > after else _nanoseconds(second)


def as_text(time: int, *, session_dates: bool) -> str:
    """Write nanoseconds since 1970 as ISO text: a date alone for a session date, else UTC with a Z."""
    moment = EPOCH + dt.timedelta(microseconds=time // 1000)
    return moment.date().isoformat() if session_dates else f"{moment.replace(tzinfo=None).isoformat()}Z"


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _nanoseconds(moment: dt.datetime) -> int:
    if not _FIRST <= moment < _AFTER:
        raise ValueError(_OUTSIDE)
    return (moment - EPOCH) // _ONE_MICROSECOND * 1000
