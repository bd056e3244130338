"""How the times of a sample are written: the format, the order of day and month, and what stays open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from marketdata.reading.moments import Moment, parse, unix_unit

_DIGITS_12 = re.compile(
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d", re.ASCII
)
_PLAUSIBLE = re.compile(r"\d{8}|\d{1,4}[/.-]\w{1,9}\.?[/.-]|\d{1,2} [A-Za-z]{3}|[A-Za-z]{3}", re.ASCII)
"""How a time must begin; this spares three readings of most cells."""
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?|\d{3,6}|0", re.ASCII)
_NUMBERS_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)", re.ASCII)
_COUNT = re.compile(r"-?\d{1,19}", re.ASCII)
_UNITS = {
    "unix_s": "Unix seconds",
    "unix_ms": "Unix milliseconds",
    "unix_us": "Unix microseconds",
    "unix_ns": "Unix nanoseconds",
}
_LOOKED_AT = 200
_WORDS = {"dmy": "day, month, year", "mdy": "month, day, year"}


@dataclass(frozen=True, slots=True)
class TimeWriting:
    """The format, and what was recognised or assumed in words. No format: the times cannot be read, `note` says why."""

    time_format: str | None
    note: str = ""


def is_moment(text: str) -> bool:
    """Whether a stripped cell is a date or a time by any format, Unix times included."""
    return bool(_PLAUSIBLE.match(text)) and any(
        _parsed(text, order) is not None for order in ("auto", "dmy", "mdy")
    )


def is_count(texts: Sequence[str]) -> bool:
    """Whether cells are Unix times that reach back so far that some have few digits or a minus sign."""
    return all(_COUNT.fullmatch(text) for text in texts) and any(
        text.startswith("-") or unix_unit(text) for text in texts
    )


def is_clock(text: str) -> bool:
    """Whether a stripped cell is a time of day alone."""
    return bool(_CLOCK.fullmatch(text))


def writing_of(texts: Sequence[str], *, is_european: bool) -> TimeWriting:
    """Decide the format of a sample of times, oldest or newest first; `is_european` speaks for the day first."""
    texts = [text for text in texts if text]
    if not texts:
        return TimeWriting(None, "no row shows a time")
    units = {unit for text in texts if (unit := unix_unit(text))}
    if all(_DIGITS_12.fullmatch(text) for text in texts):
        return TimeWriting("ymd", "Times are written as year, month, day, hour and minute without signs.")
    if is_count(texts) and not all(text.isdecimal() and unix_unit(text) for text in texts):
        # Before 1973 the size of a number does not tell its unit; the largest of the sample does.
        unit = unix_unit(max(texts, key=lambda text: abs(int(text)))) or "unix_s"
        return TimeWriting(unit, f"Times are {_UNITS[unit]}, some of them before 1973.")
    counts = _counts(texts[:_LOOKED_AT])
    best = max(counts, key=lambda order: counts[order])
    if best != "auto" and len(texts) > _LOOKED_AT:  # the 13th of a month may be far down
        counts = _counts(texts)
        best = max(counts, key=lambda order: counts[order])
    if not counts[best]:
        return TimeWriting(None, "no time of the first rows can be read")
    if best == "auto":
        if len(units) == 1 and all(unix_unit(text) for text in texts):
            unit = next(iter(units))
            return TimeWriting("auto", f"Times are {_UNITS[unit]}; other units are told apart by their size.")
        is_iso = all(text[4:5] == "-" or text[:8].isdecimal() for text in texts)
        return TimeWriting("auto" if units or is_iso else "ymd")
    if counts["dmy"] != counts["mdy"]:
        return TimeWriting(best, f"Dates are written as {_WORDS[best]}.")
    return _by_order(texts, is_european)


def _counts(texts: Sequence[str]) -> dict[str, int]:
    """How many of the texts each format reads."""
    orders = ("auto", "dmy", "mdy")
    return {order: sum(_parsed(text, order) is not None for text in texts) for order in orders}


def _by_order(texts: Sequence[str], is_european: bool) -> TimeWriting:
    """Both orders read every date: the one whose days follow each other closely is meant."""
    spans = {}
    for order in ("dmy", "mdy"):
        moments = [found.moment.toordinal() for text in texts if (found := _parsed(text, order))]
        steps = [after - before for before, after in pairwise(moments) if after != before]
        is_ordered = all(step > 0 for step in steps) or all(step < 0 for step in steps)
        spans[order] = (not is_ordered, sum(abs(step) for step in steps))
    if spans["dmy"][1] and spans["dmy"] != spans["mdy"]:
        best = min(spans, key=lambda order: spans[order])
        return TimeWriting(
            best,
            f"Dates could be read with the day or the month first; as {_WORDS[best]} they follow each other.",
        )
    dated = _NUMBERS_FIRST.match(texts[0])
    if not dated:
        return TimeWriting("dmy", "")
    best = "dmy" if is_european or dated[2] != "/" else "mdy"
    return TimeWriting(
        best,
        f"The order of day and month is ambiguous ({dated[0]!r}); {_WORDS[best]} is assumed. Check the dates.",
    )


def _parsed(text: str, order: str) -> Moment | None:
    try:
        return parse(text, order)
    except ValueError:
        return None
