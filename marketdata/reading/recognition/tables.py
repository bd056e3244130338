"""Where the table lies in the first lines of a file: what parts its cells, its header, its first row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from marketdata.reading.cells import split
from marketdata.reading.layout import DELIMITERS
from marketdata.reading.recognition.dates import is_moment
from marketdata.reading.recognition.naming import is_header
from marketdata.reading.recognition.signs import is_number

_LOOKED_AT = 120
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


def find_table(lines: Sequence[str]) -> Table | None:
    """Find a table of bars, or at least its header; None when there is neither."""
    tables = [table for delimiter in DELIMITERS if (table := _table(lines, delimiter))]
    if not tables:
        return None
    return max(tables, key=lambda table: (len(_good(table)), len(table.rows), len(table.names)))


def _good(table: Table) -> list[list[str]]:
    return [cells for _index, cells in table.rows if _is_row(cells)]


def _table(lines: Sequence[str], delimiter: str) -> Table | None:
    cut = [
        (index, _cells(line, delimiter))
        for index, line in enumerate(lines[: _PROSE + _LOOKED_AT])
        if line.strip()
    ]
    good = [(index, cells) for index, cells in cut if _is_row(cells)]
    header = _header(cut, good[0][0] if good else None)
    if not good and header is None:
        return None
    if not good:
        names = _without_blank_end(dict(cut)[header or 0])
        below = [(index, cells) for index, cells in cut if index > (header or 0) and len(cells) >= len(names)]
        return Table(delimiter, header, (header or 0) + 1, names, tuple(below[:_LOOKED_AT]))
    width = Counter(len(cells) for _index, cells in good).most_common(1)[0][0]
    names = tuple(f"column {number}" for number in range(1, width + 1))
    first = good[0][0]
    if header is not None:
        named = dict(cut)[header]
        names = tuple(named if len(named) == width else _without_blank_end(named))
        between = [cells for index, cells in cut if header < index < first]
        if not between or any(_has_digit(cells[0]) for cells in between):
            first = header + 1  # what stands directly under the header is a row, sound or not
    rows = [(index, cells[:width]) for index, cells in cut if index >= first and len(cells) >= width][
        :_LOOKED_AT
    ]
    return Table(delimiter, header, first, names, tuple(rows))


def _header(cut: Sequence[tuple[int, list[str]]], first: int | None) -> int | None:
    above = [index for index, cells in cut if (first is None or index < first) and is_header(cells)]
    return above[-1] if above else None


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in split(line, delimiter)]
    except ValueError:
        return [line]


def _is_row(cells: Sequence[str]) -> bool:
    """Whether cells hold a time and four numbers beside it."""
    if not 5 <= len(cells) <= 200:
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
