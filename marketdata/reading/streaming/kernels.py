"""Lines of bytes as rows of numbers, compiled: what is written plainly is read here, the rest is left.

A line is left to the reader written in Python (`marketdata.reading.rows.RowReader`) whenever anything about it is not
the plain case: so that each way of writing has one definition, and each problem is put into words in one place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algotrade.compiled import kernel, part
from marketdata.reading.streaming.decimal_kernels import number_nb
from marketdata.reading.streaming.moment_kernels import LOCAL, YMD, iso_nb, moment_nb, two_cells_nb

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# What became of a line. `BACKWARD` and `REPEATED`: its time is before or at that of the row it follows.
READ, BLANK, LEFT, BACKWARD, REPEATED, REFUSED = range(6)

# What a column holds; the places of the numbers in a row of values are one less.
IGNORED, OPEN, HIGH, LOW, CLOSE, VOLUME, ADJ_CLOSE, TIME, TIME_OF_DAY = range(9)
VALUES = 6

# What a byte is to a cell of text.
PLAIN, BETWEEN, NEWLINE, RETURN, ODD, QUOTE = range(6)

_BLANK = 32


@part
def end_of_line_nb(data: Bytes, place: int) -> int:
    """Where the line feed at or after `place` stands."""
    while data[place] != 10:
        place += 1
    return place


@part
def text_nb(data: Bytes, place: int, kinds: Bytes) -> tuple[bool, int, int, int]:
    """Whether a cell of text is plain, where its content begins and ends, and where the cell ends."""
    quoted = kinds[data[place]] == QUOTE
    first = place + quoted
    after = first
    while kinds[data[after]] == PLAIN:
        after += 1
    ends = kinds[data[after]]
    plain = ends == QUOTE if quoted else ends < ODD
    return plain, first, after, after + (quoted and plain)


@part
def value_nb(data: Bytes, place: int, kinds: Bytes, point: int) -> tuple[bool, int, float]:
    """Whether a cell holds a number and nothing but blanks around it, where the cell ends, and the number."""
    quoted = kinds[data[place]] == QUOTE
    place += quoted
    while data[place] == _BLANK:
        place += 1
    place, known, value = number_nb(data, place, point)
    while data[place] == _BLANK:
        place += 1
    if quoted:
        closed = kinds[data[place]] == QUOTE
        known &= closed
        place += closed
    return known, place, value


@part
def is_bar_nb(row: Floats, has_volume: bool, has_adjusted: bool) -> bool:
    """Whether the numbers of a row make a bar; -1 at the adjusted close means that it is no price."""
    opened, high, low, close = row[0], row[1], row[2], row[3]
    if not (low > 0.0 and low <= opened and low <= close and high >= opened and high >= close):
        return False
    return (not has_volume or row[4] >= 0.0) and (not has_adjusted or row[5] > 0.0)


@part
def cells_nb(
    data: Bytes,
    place: int,
    columns: Ints,
    kinds: Bytes,
    point: int,
    order: int,
    row: Floats,
) -> tuple[bool, int, int, int]:
    """Read one line: whether it is plain, what its time is, that time, and a place in the line or at its end."""
    last = columns.size - 1
    kind, moment = 0, 0
    first = after = clock = clock_end = -1
    for column in range(columns.size):
        holds = columns[column]
        if OPEN <= holds <= ADJ_CLOSE:
            known, place, value = value_nb(data, place, kinds, point)
            row[holds - 1] = value
        else:
            if holds == TIME and order <= YMD:
                end, moment = iso_nb(data, place)
                if end > 0 and BETWEEN <= kinds[data[end]] <= RETURN:
                    kind = LOCAL
                    known, begin, stop, place = True, place, end, end
                else:
                    known, begin, stop, place = text_nb(data, place, kinds)
            else:
                known, begin, stop, place = text_nb(data, place, kinds)
            if known and holds == TIME:
                first, after = trimmed_nb(data, begin, stop)
            elif known and holds == TIME_OF_DAY:
                clock, clock_end = trimmed_nb(data, begin, stop)
        if not known:
            return False, kind, moment, place
        ends = kinds[data[place]]
        if column < last:
            if ends != BETWEEN:
                return False, kind, moment, place
            place += 1
        elif ends == BETWEEN:  # a delimiter at the end of the line
            place += 1
    if kinds[data[place]] == RETURN:
        place += 1
    if data[place] != 10:
        return False, kind, moment, place
    if kind == LOCAL and clock < 0:
        return True, kind, moment, place
    if clock >= 0:
        kind, moment = two_cells_nb(data, first, after, clock, clock_end, order)
    else:
        kind, moment = moment_nb(data, first, after, order)
    return kind != 0, kind, moment, place


@part
def trimmed_nb(data: Bytes, first: int, after: int) -> tuple[int, int]:
    """The range of a cell without the blanks around it."""
    while first < after and data[first] == _BLANK:
        first += 1
    while first < after and data[after - 1] == _BLANK:
        after -= 1
    return first, after


@kernel
def read_lines_nb(
    data: Bytes,
    place: int,
    after: int,
    columns: Ints,
    kinds: Bytes,
    point: int,
    order: int,
    starts: Ints,
    status: Bytes,
    moment_kinds: Bytes,
    moments: Ints,
    values: Floats,
) -> tuple[int, int]:
    """Read lines until `after` or until the arrays are full; return how many, and where the next one begins.

    Parameters
    ----------
    data : uint8, shape (n_bytes,)
        Ends in a line feed at `after - 1`.
    columns : int64, shape (n_columns,)
        What each column holds; a time in one column stands as `TIME`, a date before its `TIME_OF_DAY` as well.
    kinds : uint8, shape (256,)
        What each byte is to a cell of text.
    point, order : int
        The byte of the decimal point; the way times are written, as in `moment_kernels`.
    starts, status, moment_kinds, moments : shape (n_lines,)
        Filled: where each line begins, what became of it, and what its time is.
    values : float64, shape (n_lines, 6)
        Filled with open, high, low, close, volume, adjusted close; NaN where there is no such column.
    """
    line = 0
    has_volume = has_adjusted = False
    for column in columns:
        has_volume |= column == VOLUME
        has_adjusted |= column == ADJ_CLOSE
    while place < after and line < starts.size:
        starts[line] = place
        moment_kinds[line] = 0
        row = values[line]
        row[VOLUME - 1] = 0.0
        row[ADJ_CLOSE - 1] = np.nan
        if data[place] == 10 or (data[place] == 13 and data[place + 1] == 10):
            status[line] = BLANK
        else:
            plain, kind, moment, place = cells_nb(data, place, columns, kinds, point, order, row)
            moment_kinds[line] = kind
            moments[line] = moment
            status[line] = READ if plain and is_bar_nb(row, has_volume, has_adjusted) else LEFT
        place = end_of_line_nb(data, place) + 1
        line += 1
    return line, place


@kernel
def follow_nb(
    moments: Ints, status: Bytes, first: int, after: int, before: int, before_row: int, against: Ints
) -> tuple[int, int, int]:
    """Check that rows are in order of time; return the newest accepted time, its row, and how many are not in order.

    A row that does not come after the newest accepted one is marked and passed over, and `against` says which row it
    follows. `before_row` is -1 when that one is in no row of these arrays.
    """
    wrong = 0
    for row in range(first, after):
        if status[row] != READ:
            continue
        if moments[row] > before:
            before, before_row = moments[row], row
        else:
            status[row] = REPEATED if moments[row] == before else BACKWARD
            against[row] = before_row
            wrong += 1
    return before, before_row, wrong
