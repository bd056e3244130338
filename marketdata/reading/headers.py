"""What the first line of a CSV file says: the delimiter and which column holds what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marketdata.bars import PRICES
from marketdata.errors import FileInvalid, FileProblem
from marketdata.reading.layout import MAX_COLUMNS

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}

# Names are compared in lower case with blanks, underscores, dots and dashes taken out.
_TIME_NAMES = ("datetime", "timestamp", "date", "time", "opentime")
_MEANINGS = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
    "vol": "volume",
    "adjclose": "adj_close",
    "adjustedclose": "adj_close",
}


@dataclass(frozen=True, slots=True)
class Header:
    """Where each value stands in a row.

    `time_parts` holds one position, or two (a date and a time of day) that are read together.
    """

    delimiter: str
    names: tuple[str, ...]
    time_parts: tuple[int, ...]
    positions: dict[str, int]

    @property
    def time_name(self) -> str:
        """The header's own name of the time column, for messages."""
        return "+".join(self.names[position] for position in self.time_parts)


def read_header(line: str, number: int, split: Callable[[str, str], list[str]]) -> Header:
    """Find the delimiter and the columns of the header `line`; `split(line, delimiter)` cuts one row."""
    delimiter = max(DELIMITERS, key=line.count)
    try:
        names = tuple(cell.strip() for cell in split(line, delimiter))
    except ValueError as error:
        raise _refused(number, "", line, f"is not a readable header: {error}") from error
    if len(names) > MAX_COLUMNS:
        raise _refused(
            number, "", f"{len(names)} columns", f"is over the cap of {MAX_COLUMNS}. Remove columns."
        )
    if all(_looks_numeric(name) for name in names):
        raise _refused(
            number,
            "",
            line,
            "is a row of numbers. The first line must name the columns: date, open, high, low, close.",
        )
    positions = _value_columns(names, number)
    return Header(delimiter, names, _time_columns(names, number), positions)


def _value_columns(names: Sequence[str], number: int) -> dict[str, int]:
    positions: dict[str, int] = {}
    for position, name in enumerate(names):
        meaning = _MEANINGS.get(_plain(name))
        if meaning is None:
            continue
        if meaning in positions:
            first = names[positions[meaning]]
            raise _refused(number, name, name, f"and {first!r} both mean {meaning}. Keep one of them.")
        positions[meaning] = position
    missing = [name for name in PRICES if name not in positions]
    if missing:
        found = ", ".join(name for name in names if name) or "none"
        reason = (
            f"the header has no column {', '.join(missing)} (found: {found[:200]}). Name the columns "
            "date, open, high, low, close, volume and separate them by comma, semicolon or tab."
        )
        raise _refused(number, "header", "", reason)
    return positions


def _time_columns(names: Sequence[str], number: int) -> tuple[int, ...]:
    plain = [_plain(name) for name in names]
    found = [position for position, name in enumerate(plain) if name in _TIME_NAMES]
    if not found:
        reason = "the header has no time column. Name it date, datetime, time or timestamp."
        raise _refused(number, "header", "", reason)
    if len(found) == 1:
        return (found[0],)
    by_name = {plain[position]: position for position in found}
    if len(found) == 2 and set(by_name) == {"date", "time"}:
        return (by_name["date"], by_name["time"])
    listed = ", ".join(repr(names[position]) for position in found)
    raise _refused(number, "header", "", f"several columns hold the time ({listed}). Keep one of them.")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " _.-*<>")


def _looks_numeric(text: str) -> bool:
    return bool(text) and not any(letter.isalpha() for letter in text)


def _refused(line: int, column: str, value: str, reason: str) -> FileInvalid:
    return FileInvalid([FileProblem(line, column[:40], value[:60], reason)])
