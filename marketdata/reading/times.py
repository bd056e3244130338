"""Times as CSV files write them, turned into UTC nanoseconds."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ONE_MICROSECOND = dt.timedelta(microseconds=1)
_FIRST, _AFTER = dt.datetime(1678, 1, 1, tzinfo=dt.UTC), dt.datetime(2262, 1, 1, tzinfo=dt.UTC)
_NUMBER = re.compile(r"\d{9,19}(\.\d{1,9})?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?=$|[T ])", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d|\d{8}(?=$|[T ])", re.ASCII)
_REMEDY = "Write it as 2020-01-31 or 2020-01-31 15:30:00, or as a Unix time."


def get_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the IANA timezone called `name`; raise ValueError when there is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        shown = str(name)[:40]
        raise ValueError(f"{shown!r} is not a timezone. Use a name like UTC or America/New_York.") from error


class TimeReader:
    """Turns the text of a time into UTC nanoseconds.

    Parameters
    ----------
    timezone : str
        IANA name of the zone that times without an offset are written in.
    session_dates : bool
        True for daily and longer bars: only the calendar date in that zone counts, as midnight UTC.

    Notes
    -----
    - A date alone is a session date: midnight UTC in every mode.
    - Whole numbers of 9 to 19 digits are Unix times; their size tells seconds, milli-, micro- and nanoseconds
      apart. Eight digits are a compact date (20200131).
    - With `session_dates`, an instant at exactly midnight UTC keeps its UTC date (that is how daily bars are
      published with Unix times); any other instant takes the date it has in `timezone`.
    - A local time that exists twice (clocks go back) is the first one, unless the bars would then not be in
      order; one that does not exist (clocks go forward) is refused.
    """

    def __init__(self, timezone: str, *, session_dates: bool) -> None:
        self.zone = get_zone(timezone)
        self.timezone = timezone
        self.session_dates = session_dates
        self._is_utc = timezone.upper() in {"UTC", "ETC/UTC"}

    def read(self, text: str, after: int | None = None) -> int:
        """Return the instant of `text` in nanoseconds since 1970; ValueError says why it has none.

        `after` is the time of the bar before, used to choose between the two of an ambiguous local time.
        """
        text = text.strip()
        if not text:
            raise ValueError(f"is empty. {_REMEDY}")
        if _NUMBER.fullmatch(text):
            return self._from_instant(_unix_time(text))
        moment, is_date = _parse(text)
        if is_date:
            return _nanoseconds(moment.replace(tzinfo=dt.UTC))
        if moment.tzinfo is not None:
            return self._from_instant(moment.astimezone(dt.UTC))
        if self.session_dates:
            return _nanoseconds(_midnight(moment.date()))
        if self._is_utc:
            return _nanoseconds(moment.replace(tzinfo=dt.UTC))
        return self._from_local(moment, after)

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


def _parse(text: str) -> tuple[dt.datetime, bool]:
    """The written moment and whether it is a date alone."""
    text = _YEAR_FIRST.sub(lambda found: f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}", text, count=1)
    if not _ISO.match(text):
        raise ValueError(f"is not a date or time that can be read. {_REMEDY}")
    try:
        return dt.datetime.fromisoformat(text), len(text) in (8, 10)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is not a date or time that exists. {_REMEDY}") from error


def _unix_time(text: str) -> dt.datetime:
    whole, _, part = text.partition(".")
    digits = len(whole)
    # Seconds have 9 to 11 digits from 1973 on, and each finer unit three more.
    scale = 1_000_000 if digits <= 11 else 1_000 if digits <= 14 else 1 if digits <= 17 else 0
    if scale:
        microseconds = int(whole) * scale + (int(float(f"0.{part}") * scale) if part else 0)
    else:
        microseconds = int(whole) // 1000
    try:
        return _EPOCH + dt.timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise ValueError(f"is not a Unix time that exists. {_REMEDY}") from error


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _nanoseconds(moment: dt.datetime) -> int:
    if not _FIRST <= moment < _AFTER:
        raise ValueError("is not within the years 1678 to 2261.")
    return (moment - _EPOCH) // _ONE_MICROSECOND * 1000
