"""What was recognised in a file of bars, and what somebody says of it instead, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.errors import FileProblem
from marketdata.reading.layout import Layout


@dataclass(frozen=True, slots=True)
class Overrides:
    """What somebody says of a file, each so that it is not recognised. None, and no roles: recognise it.

    Attributes
    ----------
    encoding, delimiter, decimal, thousands, time_format : str or None
        As in `Layout`, and of its known values.
    has_header : bool or None
        Whether the first line that is not skipped names the columns.
    skipped_lines : int or None
        Lines before the header or the first bar.
    roles : tuple of str
        What each column holds. They count if there are as many as columns.
    """

    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool | None = None
    skipped_lines: int | None = None
    decimal: str | None = None
    thousands: str | None = None
    time_format: str | None = None
    roles: tuple[str, ...] = ()


NOTHING_SAID = Overrides()


@dataclass(frozen=True, slots=True)
class Detection:
    """What was recognised, as a proposal that a form shows and a user may change.

    Attributes
    ----------
    layout : Layout
        How the lines are laid out; of what is known when there are problems.
    symbol : str
        From a column or the file's name; "" when neither says.
    timeframe : str or None
        From the steps between the bars, else from the file's name.
    calendar : str or None
        From the days and hours that hold bars.
    timezone : str or None
        IANA zone that times without an offset are probably written in; None when nothing says.
    session_dates : bool
        Whether the bars are of a day or longer, so that only their dates count.
    newest_first : bool
        Whether the file runs from the newest bar to the oldest: it needs the repair "sort".
    notes : tuple of str
        What was recognised and what stays ambiguous and was assumed, in words.
    calendar_note : str
        Why this calendar, in words; it says nothing about bars that come into a series which has its own.
    problems : tuple of FileProblem
        Why nothing can be made of the file, when that is so.
    """

    layout: Layout
    symbol: str = ""
    timeframe: str | None = None
    calendar: str | None = None
    timezone: str | None = None
    session_dates: bool = False
    newest_first: bool = False
    notes: tuple[str, ...] = ()
    calendar_note: str = ""
    problems: tuple[FileProblem, ...] = ()
