"""Where the table lies in the first lines of a file: what parts its cells, its header, its first row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from marketdata.reading.cells import split
from marketdata.reading.layout import DELIMITERS, unnamed
from marketdata.reading.recognition.dates import is_moment
from marketdata.reading.recognition.detection import NOTHING_SAID, Overrides
from marketdata.reading.recognition.naming import is_header
from marketdata.reading.recognition.signs import is_number

_LOOKED_AT = 120
_LEAST_COLUMNS = 5
"""A time and four prices."""
_PROSE = 60
"""Lines above the table that are looked through for a header."""


@dataclass(frozen=True, slots=True)
class Table:
    """The delimiter, the header and the rows of a sample.

    Attributes
    ----------
    delimiter : str
    header : int or None
        Index of the line that names the columns.
    first : int
        Index of the first line that is a row.
    names : tuple of str
        Of the header as it stands, or "column 1" and so on.
    rows : tuple of (int, list of str)
        Index and stripped cells of the lines of the sample from `first` on that have as many cells as most rows.
    """

    delimiter: str
    header: int | None
    first: int
    names: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]


def find_table(lines: Sequence[str], overrides: Overrides = NOTHING_SAID) -> Table | None:
    """Find a table of bars, or at least its header; None when there is neither."""
    delimiters = [overrides.delimiter] if overrides.delimiter else DELIMITERS
    tables = [table for delimiter in delimiters if (table := _table(lines, delimiter, overrides))]
    if not tables:
        return None
    return max(tables, key=_worth)


def _worth(table: Table) -> tuple[int, int, bool, int]:
    """What the better of two tables has more of. Blanks also stand within times and numbers, so they come last."""
    sound = sum(is_row(cells) for _index, cells in table.rows)
    return sound, len(table.rows), table.delimiter != " ", len(table.names)


_Cut = list[tuple[int, list[str]]]
"""Lines that are not blank: their index and their cells."""


def _table(lines: Sequence[str], delimiter: str, overrides: Overrides) -> Table | None:
    start = overrides.skipped_lines or 0
    looked = lines[start : start + _PROSE + _LOOKED_AT]
    cut = [(index, _cells(line, delimiter)) for index, line in enumerate(looked, start) if line.strip()]
    if not cut:
        return None
    rows = [(index, cells) for index, cells in cut if is_row(cells)]
    header = _header(cut, rows[0][0] if rows else None, overrides)
    rows = [(index, cells) for index, cells in rows if header is None or index > header]
    if header is None:
        return _without_header(cut, rows, delimiter, overrides)
    named = dict(cut)[header]
    if not rows:
        names = _without_blank_end(named)
        below = [(index, cells) for index, cells in cut if index > header and len(cells) >= len(names)]
        return Table(delimiter, header, header + 1, names, tuple(below[:_LOOKED_AT]))
    width, first = _usual_width(rows), rows[0][0]
    between = [cells for index, cells in cut if header < index < first]
    if not between or any(_has_digit(cells[0]) for cells in between):
        first = header + 1  # what stands directly under the header is a row, sound or not
    names = tuple(named if len(named) == width else _without_blank_end(named))
    if overrides.has_header:
        names += unnamed(width)[len(names) :]
    return Table(delimiter, header, first, names, _rows(cut, first, width))


def _without_header(cut: _Cut, rows: _Cut, delimiter: str, overrides: Overrides) -> Table | None:
    """The table that begins with a row: the first that is sound, or what somebody says is a row."""
    is_said = overrides.has_header is False
    if not rows:
        # Nothing looks like a row; columns that somebody names may make it one.
        width = _usual_width(cut)
        if not is_said or width < _LEAST_COLUMNS:
            return None
        first = next(index for index, cells in cut if len(cells) == width)
    else:
        width, first = _usual_width(rows), rows[0][0]
        if overrides.skipped_lines is not None:
            first = cut[0][0]
        elif is_said:
            for index, cells in reversed([line for line in cut if line[0] < first]):
                if len(cells) != width:
                    break
                first = index
    names = unnamed(width)
    return Table(delimiter, None, first, names, _rows(cut, first, width))


def _rows(cut: _Cut, first: int, width: int) -> tuple[tuple[int, list[str]], ...]:
    rows = [(index, cells[:width]) for index, cells in cut if index >= first and len(cells) >= width]
    return tuple(rows[:_LOOKED_AT])


def _usual_width(rows: _Cut) -> int:
    return Counter(len(cells) for _index, cells in rows).most_common(1)[0][0]


def _header(cut: _Cut, first: int | None, overrides: Overrides) -> int | None:
    """The line that names the columns; `first` is the first that is a sound row."""
    if overrides.has_header is False:
        return None
    above = [(index, cells) for index, cells in cut if first is None or index < first]
    named = [index for index, cells in above if is_header(cells)]
    if overrides.skipped_lines is not None:
        at, cells = cut[0]
        is_named = at in named or (at != first and not any(_has_digit(cell) for cell in cells))
        return at if overrides.has_header or is_named else None
    if named or not overrides.has_header:
        return named[-1] if named else None
    return above[-1][0] if above and first is not None else cut[0][0]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in split(line, delimiter)]
    except ValueError:
        return [line]


def is_row(cells: Sequence[str]) -> bool:
    """Whether cells hold a time and four numbers beside it."""
    if not _LEAST_COLUMNS <= len(cells) <= 200:
        return False
    time = next((position for position, cell in enumerate(cells) if is_moment(cell)), None)
    return time is not None and sum(is_number(cell) for cell in (*cells[:time], *cells[time + 1 :])) >= 4


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _without_blank_end(names: Sequence[str]) -> tuple[str, ...]:
    kept = list(names)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return tuple(kept)
