"""Which signs the numbers of a file are written with: the decimal sign and what parts groups of three digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from marketdata.reading.numbers import BLANKS

_NUMBER = re.compile(
    rf"[+-]?(?:\d+(?:[{BLANKS}'\u2019]\d{{3}})*(?:[.,]\d+)*[.,]?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs, and what was assumed about them in words ("" when the file leaves no doubt)."""

    decimal: str = "."
    thousands: str = ""
    note: str = ""


def is_number(text: str) -> bool:
    """Whether a stripped cell is a number by some choice of signs."""
    return bool(_NUMBER.fullmatch(text))


def signs_of(
    cells: Iterable[str], delimiter: str, decimal: str | None = None, thousands: str | None = None
) -> Signs:
    """Decide the signs from the numbers of a sample; a sign that is given holds, and speaks for the other."""
    seen = {".": 0, ",": 0}  # how many numbers can only have this decimal sign
    groups: set[str] = set()
    unsure: set[str] = set()
    for cell in cells:
        text = _without_groups(cell, groups)
        points, commas = text.count("."), text.count(",")
        if points and commas:
            last = max(".,", key=text.rfind)
            seen[last] += 1
            groups.add("," if last == "." else ".")
        elif points > 1 or commas > 1:
            groups.add("." if points else ",")
        elif points or commas:
            sign = "." if points else ","
            if _GROUPED.fullmatch(text):
                unsure.add(sign)
            else:
                seen[sign] += 1
    if thousands:
        decimal = decimal or {",": ".", ".": ","}.get(thousands)
    elif thousands == "" and len(unsure) == 1 and not any(seen.values()):
        decimal = decimal or next(iter(unsure))
    if decimal is None:
        found = _conclude(seen, groups, unsure, delimiter)
    else:
        groups |= unsure
        found = Signs(decimal, min(groups - {decimal}, default=""))
    return found if thousands is None else Signs(found.decimal, thousands)


def _without_groups(cell: str, groups: set[str]) -> str:
    if any(blank in cell for blank in BLANKS):
        groups.add(" ")
    if "'" in cell or "\u2019" in cell:
        groups.add("'")
    return re.sub(rf"[{BLANKS}'\u2019]", "", cell)


def _conclude(seen: dict[str, int], groups: set[str], unsure: set[str], delimiter: str) -> Signs:
    note = ""
    if seen["."] or seen[","]:
        decimal = "." if seen["."] >= seen[","] else ","
        other = "," if decimal == "." else "."
        if other in unsure:
            groups.add(other)
    elif groups & {".", ","}:
        decimal = "," if "." in groups else "."
    elif unsure == {","}:
        # A comma that also parts the columns can only stand in quoted cells, where it groups digits.
        decimal = "." if delimiter == "," else ","
        how = "as a thousands separator" if decimal == "." else "as a decimal comma"
        note = f"Every number with a comma has three digits after it; it is read {how}."
        groups |= {","} if decimal == "." else set()
    elif unsure == {".", ","}:
        decimal = "," if delimiter == ";" else "."
        groups.add("." if decimal == "," else ",")
        note = f"Which of point and comma is the decimal sign is not clear; {decimal!r} is assumed."
    else:
        decimal = "."
    groups.discard(decimal)
    return Signs(decimal, min(groups, default=""), note)
