"""The ways of writing a time: text in, and out the date and clock it names.

`parse` knows one set of ways for each of `layout.TIME_FORMATS`:

- auto: the year first (2020-01-31, 2020/1/31, 2020.01.31, 20200131), or a Unix time whose size tells its unit: 9 to 11
  digits are seconds, 12 and 13 milliseconds, 15 to 17 microseconds, 18 and 19 nanoseconds. 14 digits are
  20200131153000.
- ymd: the year first, also 202001311530.
- dmy, mdy: 31/01/2020 and 01/31/2020 with / . or - between, a year of two digits (69 is 1969, 68 is 2068), and
  English names of months: 31-Jan-2020, Jan 31, 2020.
- unix_s, unix_ms, unix_us, unix_ns: a number of that unit since 1970, with a fraction or without.

A time of day may follow after a blank, a T or a comma: 15:30, 15:30:00.25, 3:30 PM, 153000 or 1530. After it an offset
may stand: Z, UTC, GMT, +02:00, -0500, +02, GMT+0100.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
REMEDY = "Write it as 2020-01-31 or 2020-01-31 15:30:00, or as a Unix time."

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_CLOCK = (
    r"(?:(?:T|\s*,\s*|\s+)"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?|(?P<digits>\d{3,6}|0))"
    r"(?:\s*(?P<half>[AP])\.?M\.?)?"
    r"(?:\s*(?P<zone>Z|(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<zh>\d{2}):?(?P<zm>\d{2})?|UTC|GMT))?)?"
)
_DATES = {
    "ymd": rf"(?:(?P<y>\d{{4}})(?P<s>[/.-])(?P<m>\d{{1,2}}|{_NAME})(?P=s)(?P<d>\d{{1,2}})"
    r"|(?P<y2>\d{4})(?P<m2>\d{2})(?P<d2>\d{2}))",
    "dmy": rf"(?P<d>\d{{1,2}})(?:(?P<s>[/.-])(?P<m>\d{{1,2}}|{_NAME})(?P=s)|\s+(?P<m2>{_NAME})\s+)"
    r"(?P<y>\d{4}|\d{2})",
    "mdy": rf"(?:(?P<m>\d{{1,2}}|{_NAME})(?P<s>[/.-])(?P<d>\d{{1,2}})(?P=s)"
    rf"|(?P<m2>{_NAME})\s+(?P<d2>\d{{1,2}})(?:,\s*|\s+))(?P<y>\d{{4}}|\d{{2}})",
}
_PATTERNS = {order: re.compile(date + _CLOCK, re.ASCII | re.IGNORECASE) for order, date in _DATES.items()}
_ORDERS = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}
_UNIX = re.compile(r"(-?\d{1,19})(?:\.(\d{1,9}))?", re.ASCII)
_POWERS = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", re.ASCII)
_PER_SECOND = {"unix_s": 1, "unix_ms": 1_000, "unix_us": 1_000_000, "unix_ns": 1_000_000_000}


class Moment(NamedTuple):
    """What a text names: kind "date" (midnight, no zone), "local" (no zone) or "instant" (with a zone)."""

    moment: dt.datetime
    kind: str


def parse(text: str, time_format: str) -> Moment:
    """Read a stripped text; ValueError says why it names no moment, and what to write."""
    if not text:
        raise ValueError(f"is empty. {REMEDY}")
    if time_format in _PER_SECOND:
        return _unix(text, _PER_SECOND[time_format])
    if text.isdecimal() and text.isascii():
        return _digits(text, time_format)
    if time_format == "auto":
        if (unix := _UNIX.fullmatch(text)) and 9 <= (count := len(unix[1].lstrip("-"))) <= 19:
            return _unix(text, _per_second(count))
        return _written(text, "ymd", time_format)
    return _written(text, time_format, time_format)


def unix_unit(text: str) -> str | None:
    """Return the format whose unit the size of a Unix time tells ("unix_ms"), or None for other text."""
    found = _UNIX.fullmatch(text)
    count = len(found[1].lstrip("-")) if found else 0
    if not 9 <= count <= 19 or count == 14:
        return None
    scale = _per_second(count)
    return next(name for name, per_second in _PER_SECOND.items() if per_second == scale)


def _per_second(digits: int) -> int:
    # Seconds have 9 to 11 digits from 1973 on, and each finer unit three more.
    return 1 if digits <= 11 else 1_000 if digits <= 14 else 1_000_000 if digits <= 17 else 1_000_000_000


def _digits(text: str, time_format: str) -> Moment:
    """Digits alone: a compact date, a compact date and clock, or a Unix time."""
    count = len(text)
    if time_format in ("auto", "ymd"):
        # As milliseconds, 14 digits lie behind the year 2286.
        if count in (8, 14) or (count == 12 and time_format == "ymd"):
            return _written(f"{text[:8]} {text[8:]}".strip(), "ymd", time_format)
        if time_format == "auto" and 9 <= count <= 19:
            return _unix(text, _per_second(count))
    raise ValueError(_why_not(text, time_format))


def _unix(text: str, per_second: int) -> Moment:
    found = _UNIX.fullmatch(text)
    if not found:
        if _POWERS.fullmatch(text):
            raise ValueError("is written with a power of ten, which loses digits. Write every digit.")
        raise ValueError("is not a Unix time. Write a whole number, or choose another time format.")
    whole, part = found[1], found[2] or ""
    # All digits count as integers: a float holds too few of them for micro- and nanoseconds.
    count = int(whole + part.ljust(9, "0"))
    try:
        return Moment(EPOCH + dt.timedelta(microseconds=count // (1_000 * per_second)), "instant")
    except OverflowError as error:
        reason = "is not within the years 1678 to 2261. Check the unit of the Unix times."
        raise ValueError(reason) from error


def _written(text: str, order: str, time_format: str) -> Moment:
    found = _PATTERNS[order].fullmatch(text)
    if not found:
        raise ValueError(_why_not(text, time_format))
    part = found.groupdict()
    year, month = part["y"] or part["y2"], _month(part["m"] or part["m2"])
    if len(year) == 2:
        year = f"20{year}" if year < "69" else f"19{year}"
    try:
        day = dt.datetime(int(year), month, int(part.get("d") or part["d2"]))
    except ValueError as error:
        if month > 12 and order != "ymd":
            reason = f"has no month {month} when read as {_ORDERS[order]}. Check the order of day and month."
            raise ValueError(reason) from error
        raise ValueError(f"is not a date or time that exists. {REMEDY}") from error
    if part["hour"] is None and part["digits"] is None:
        return Moment(day, "date")
    moment = day + _clock(part)
    return Moment(moment.replace(tzinfo=_zone(part)), "instant" if part["zone"] else "local")


def _month(text: str) -> int:
    return int(text) if text.isdecimal() else _MONTHS.index(text[:3].lower()) + 1


def _clock(part: dict[str, Any]) -> dt.timedelta:
    """The time of day as a span since midnight."""
    if part["digits"] is not None:
        digits = part["digits"].zfill(6 if len(part["digits"]) > 4 else 4).ljust(6, "0")
        hour, minute, second = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    else:
        hour, minute, second = int(part["hour"]), int(part["minute"]), int(part["second"] or 0)
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"is not a date or time that exists. {REMEDY}")
        hour = hour % 12 + (12 if part["half"] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"is not a date or time that exists. {REMEDY}")
    fraction = int((part["part"] or "").ljust(6, "0")[:6])
    return dt.timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)


def _zone(part: dict[str, Any]) -> dt.tzinfo | None:
    if not part["zone"]:
        return None
    if not part["sign"]:
        return dt.UTC
    hours, minutes = int(part["zh"]), int(part["zm"] or 0)
    if hours > 15 or minutes > 59:
        raise ValueError("has an offset from UTC that does not exist. Write it like +02:00.")
    span = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-span if part["sign"] == "-" else span)


def _why_not(text: str, time_format: str) -> str:
    if _POWERS.fullmatch(text):
        return "is written with a power of ten, which loses digits. Write every digit."
    if re.fullmatch(r"[1-9]\d{4}([.,]\d+)?", text, re.ASCII):
        return f"looks like the serial number of a spreadsheet's date. {REMEDY}"
    if time_format in ("dmy", "mdy"):
        example = "31/01/2020 15:30" if time_format == "dmy" else "01/31/2020 15:30"
        return f"is not a time written as {_ORDERS[time_format]}. Write it as {example}, or choose another time format."
    return f"is not a date or time that can be read. {REMEDY}"
