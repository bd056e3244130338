"""Times as files write them, one cell at a time, as nanoseconds since 1970.

Only the plain ways of writing are read, each with exactly the meaning that `marketdata.reading.moments` gives it; for
anything else the answer is `UNREAD`, and the reader written in Python decides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import part

Bytes = NDArray[np.uint8]

# What a time is: nothing that is read here; a Unix time; a date and time with an offset or without; a date alone.
UNREAD, UNIX, OFFSET, LOCAL, DATE = range(5)
# The order of a date, and the units of Unix times, as `layout.TIME_FORMATS` lists them.
AUTO, YMD, DMY, MDY, UNIX_S, UNIX_MS, UNIX_US, UNIX_NS = range(8)

FIRST_YEAR, LAST_YEAR = 1700, 2200  # nanoseconds hold a little more; what is at the edge is left to Python
_LAST_SECOND = 7_258_118_400  # 2200-01-01
_TOO_LATE = _LAST_SECOND * 1_000_000

MICROSECOND, SECOND = 1_000, 1_000_000_000
DAY = 86_400 * SECOND
_DAYS_IN_MONTH: NDArray[np.int64] = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_TENS: NDArray[np.int64] = np.array([10**power for power in range(7)])


@part
def days_nb(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date; the year begins in March here, so that a leap day is its last."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@part
def is_date_nb(year: int, month: int, day: int) -> bool:
    """Whether the date exists and lies in the years that are read here."""
    if not (FIRST_YEAR <= year < LAST_YEAR and 1 <= month <= 12 and day >= 1):
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return bool(day <= _DAYS_IN_MONTH[month] + leap)


@part
def digits_nb(data: Bytes, place: int, count: int) -> int:
    """The number of `count` digits at `place`, or -1 when one of them is no digit."""
    value = 0
    for at in range(place, place + count):
        digit = int(data[at]) - 48
        if not 0 <= digit <= 9:
            return -1
        value = value * 10 + digit
    return value


@part
def run_nb(data: Bytes, place: int, after: int) -> int:
    """How many digits stand at `place`, up to `after`."""
    at = place
    while at < after and 48 <= data[at] <= 57:
        at += 1
    return at - place


@part
def date_nb(data: Bytes, place: int, after: int, order: int) -> tuple[int, int]:
    """Where the date at `place` ends and its day since 1970; it ends at -1 when it is not read."""
    first = run_nb(data, place, after)
    if first == 8:
        if order > YMD:
            return -1, 0
        year, month, day = (
            digits_nb(data, place, 4),
            digits_nb(data, place + 4, 2),
            digits_nb(data, place + 6, 2),
        )
        end = place + 8
    else:
        middle = place + first + 1
        second = run_nb(data, middle, after)
        last = middle + second + 1
        third = run_nb(data, last, after)
        end = last + third
        if first == 0 or second == 0 or third == 0 or end > after:
            return -1, 0
        mark = data[middle - 1]
        if not (mark == 45 or mark == 46 or mark == 47) or data[last - 1] != mark:  # - . /
            return -1, 0
        one, two, three = (
            digits_nb(data, place, first),
            digits_nb(data, middle, second),
            digits_nb(data, last, third),
        )
        if order <= YMD:
            year, month, day = one, two, three
            widths = first == 4 and second <= 2 and third <= 2
        elif order == DMY:
            year, month, day = three, two, one
            widths = first <= 2 and second <= 2 and third == 4
        else:
            year, month, day = three, one, two
            widths = first <= 2 and second <= 2 and third == 4
        if not widths:
            return -1, 0
    if not is_date_nb(year, month, day):
        return -1, 0
    return end, days_nb(year, month, day)


@part
def clock_nb(data: Bytes, place: int, after: int) -> tuple[int, int, int]:
    """What a time of day is (`LOCAL`, or `OFFSET` with one), its nanoseconds since midnight, and its offset.

    h:mm, hh:mm, hh:mm:ss with decimals, hhmm or hhmmss; then nothing, Z, or an offset like +05:30 or +0530.
    """
    count = run_nb(data, place, after)
    minute = second = of_second = 0
    if count == 6 or count == 4:
        hour, minute = digits_nb(data, place, 2), digits_nb(data, place + 2, 2)
        if count == 6:
            second = digits_nb(data, place + 4, 2)
        place += count
    elif 1 <= count <= 2 and place + count + 3 <= after and data[place + count] == 58:
        hour, minute = digits_nb(data, place, count), digits_nb(data, place + count + 1, 2)
        place += count + 3
        if place + 3 <= after and data[place] == 58:
            second = digits_nb(data, place + 1, 2)
            place += 3
            if place < after and data[place] == 46:
                decimals = run_nb(data, place + 1, after)
                if not 1 <= decimals <= 9:
                    return UNREAD, 0, 0
                of_second = microseconds_nb(data, place + 1, decimals) * MICROSECOND
                place += 1 + decimals
    else:
        return UNREAD, 0, 0
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59):
        return UNREAD, 0, 0
    of_day = ((hour * 60 + minute) * 60 + second) * SECOND + of_second
    if place == after:
        return LOCAL, of_day, 0
    known, offset = offset_nb(data, place, after)
    return (OFFSET if known else UNREAD), of_day, offset


@part
def microseconds_nb(data: Bytes, place: int, decimals: int) -> int:
    """The decimals of a second in whole microseconds; what is finer is cut off."""
    known = min(decimals, 6)
    return digits_nb(data, place, known) * int(_TENS[6 - known])


@part
def offset_nb(data: Bytes, place: int, after: int) -> tuple[bool, int]:
    """Whether Z or an offset like -05:00 or -0500 fills the rest of a cell, and its nanoseconds."""
    sign = data[place]
    if sign == 90 and place + 1 == after:
        return True, 0
    if not (sign == 43 or sign == 45):
        return False, 0
    colon = place + 6 == after and data[place + 3] == 58
    if not colon and place + 5 != after:
        return False, 0
    hours, minutes = digits_nb(data, place + 1, 2), digits_nb(data, place + (4 if colon else 3), 2)
    if not (0 <= hours <= 15 and 0 <= minutes <= 59):
        return False, 0
    offset = (hours * 60 + minutes) * 60 * SECOND
    return True, -offset if sign == 45 else offset


@part
def unix_nb(data: Bytes, place: int, after: int, unit: int) -> tuple[int, int]:
    """A Unix time in a known unit or, for `AUTO`, in the one that its size tells; cut off to microseconds."""
    count = run_nb(data, place, after)
    if unit == AUTO:
        if not 9 <= count <= 19:
            return UNREAD, 0
        unit = UNIX_S if count <= 11 else UNIX_MS if count <= 14 else UNIX_US if count <= 17 else UNIX_NS
    value = digits_nb(data, place, count)
    if not 1 <= count <= 19 or value < 0:  # 19 digits may be too many
        return UNREAD, 0
    place += count
    decimals = 0
    if place < after and data[place] == 46:
        decimals = run_nb(data, place + 1, after)
        place += 1 + decimals
        if not 1 <= decimals <= 9:
            return UNREAD, 0
    if place != after:
        return UNREAD, 0
    part_of_second = microseconds_nb(data, after - decimals, decimals) if decimals else 0
    if unit == UNIX_NS:
        microseconds = value // 1_000
    elif unit == UNIX_US:
        microseconds = value
    elif value > _LAST_SECOND * 1_000:
        return UNREAD, 0
    elif unit == UNIX_MS:
        microseconds = value * 1_000 + part_of_second // 1_000
    else:
        microseconds = value * 1_000_000 + part_of_second if value <= _LAST_SECOND else _TOO_LATE
    if microseconds >= _TOO_LATE:
        return UNREAD, 0
    return UNIX, microseconds * MICROSECOND


@part
def two_digits_nb(data: Bytes, place: int) -> int:
    """The number of two digits, or one above 99 when one of them is no digit; without a branch."""
    tens, ones = np.int64(data[place]) - 48, np.int64(data[place + 1]) - 48
    known = (tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9)
    return int(tens * 10 + ones) if known else 100


@part
def iso_nb(data: Bytes, place: int) -> tuple[int, int]:
    """Where a time like 2020-01-31 15:30 or 2020-01-31T15:30:00 at `place` ends, and its nanoseconds; -1 if none is.

    The commonest way of writing a time, read in one go. What follows it is for the caller to judge.
    """
    if place + 20 > data.size:
        return -1, 0
    mark = data[place + 4]
    between = data[place + 10]
    if not (
        data[place + 7] == mark
        and data[place + 13] == 58
        and (mark == 45 or mark == 46 or mark == 47)
        and (between == 32 or between == 84)
    ):
        return -1, 0
    century, year = two_digits_nb(data, place), two_digits_nb(data, place + 2)
    month, day = two_digits_nb(data, place + 5), two_digits_nb(data, place + 8)
    hour, minute = two_digits_nb(data, place + 11), two_digits_nb(data, place + 14)
    second, end = 0, place + 16
    if data[end] == 58:
        second = two_digits_nb(data, end + 1)
        end += 3
    if century > 99 or year > 99 or hour > 23 or minute > 59 or second > 59:
        return -1, 0
    year += 100 * century
    if not is_date_nb(year, month, day):
        return -1, 0
    return end, days_nb(year, month, day) * DAY + ((hour * 60 + minute) * 60 + second) * SECOND


@part
def moment_nb(data: Bytes, place: int, after: int, order: int) -> tuple[int, int]:
    """What the cell from `place` to `after` says, and its nanoseconds since 1970 (local ones for `LOCAL`)."""
    if order >= UNIX_S:
        return unix_nb(data, place, after, order)
    if order <= YMD:
        count = run_nb(data, place, after)
        if count == 14 and place + 14 == after:
            end, days = date_nb(data, place, place + 8, order)
            kind, of_day, _ = clock_nb(data, place + 8, after)
            return (kind if end > 0 else UNREAD), days * DAY + of_day
        if order == AUTO and count >= 9:
            return unix_nb(data, place, after, order)
    end, days = date_nb(data, place, after, order)
    if end < 0:
        return UNREAD, 0
    if end == after:
        return DATE, days * DAY
    if not (data[end] == 32 or data[end] == 84):  # a blank or T
        return UNREAD, 0
    kind, of_day, offset = clock_nb(data, end + 1, after)
    return kind, days * DAY + of_day - offset


@part
def two_cells_nb(data: Bytes, place: int, after: int, clock: int, end: int, order: int) -> tuple[int, int]:
    """The same for a date in one cell and a time of day, from `clock` to `end`, in another."""
    if order >= UNIX_S:
        return UNREAD, 0
    stop, days = date_nb(data, place, after, order)
    if stop != after:
        return UNREAD, 0
    kind, of_day, offset = clock_nb(data, clock, end)
    return kind, days * DAY + of_day - offset
