"""How a file of bars is laid out, and how it is to be read: two plain values that forms, API and readers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

ROLES = ("time", "date", "time_of_day", "open", "high", "low", "close", "volume", "adj_close", "ignore")
"""What a column can hold. The time is one column, or a date and a time of day apart."""

TIME_FORMATS = ("auto", "ymd", "dmy", "mdy", "unix_s", "unix_ms", "unix_us", "unix_ns")
"""auto: ISO dates and times, compact dates, and Unix times told apart by their size; ymd, dmy and mdy: the order of
year, month and day, with any of / . - between and a time of day after it or not; unix_*: a number of this unit."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252, Western Europe",
    "latin-1": "Latin-1 (ISO 8859-1)",
    "cp1250": "Windows-1250, Central Europe",
    "cp1251": "Windows-1251, Cyrillic",
    "gb18030": "GB 18030, Chinese",
    "shift_jis": "Shift JIS, Japanese",
}
"""By their names in Python, in words. The first three are recognised; the others somebody has to say."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space"}

MAX_COLUMNS = 64
DECIMALS = (".", ",")
THOUSANDS = ("", ",", ".", " ", "'")

Policy = Literal["reject", "drop", "repair"]
POLICIES: tuple[Policy, ...] = ("reject", "drop", "repair")
REPAIRS = ("sort", "drop_exact_duplicates")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each value stands in a line of text.

    Attributes
    ----------
    dialect : str
        Whose files look like this (a key of `naming.DIALECTS`); for words only, nothing depends on it.
    encoding, delimiter, decimal : str
        `decimal` is "." or ",".
    has_header : bool
        Whether the first line that is not skipped names the columns.
    skipped_lines : int
        Lines of prose before the header or the first bar.
    names : tuple of str
        The columns' names as the file has them ("column 1" and so on without a header).
    roles : tuple of str
        One of `ROLES` for each column.
    time_format : str
        One of `TIME_FORMATS`.
    thousands : str
        What stands between groups of three digits: one of `THOUSANDS`. Only whole groups are read (1,234.5 and
        never 12,34).
    """

    dialect: str
    encoding: str
    delimiter: str
    decimal: str
    has_header: bool
    skipped_lines: int
    names: tuple[str, ...]
    roles: tuple[str, ...]
    time_format: str = "auto"
    thousands: str = ""

    def position(self, role: str) -> int | None:
        """Return where the first column of `role` stands, or None."""
        return self.roles.index(role) if role in self.roles else None

    @property
    def is_named(self) -> bool:
        """Whether the columns have names of their own, in the header or further up."""
        return self.names != unnamed(len(self.names))

    @property
    def time_positions(self) -> tuple[int, ...]:
        """One position, or those of the date and the time of day."""
        return tuple(self.roles.index(role) for role in ("time", "date", "time_of_day") if role in self.roles)

    @property
    def time_name(self) -> str:
        """The file's own name of the time column, for messages."""
        return "+".join(self.names[position] for position in self.time_positions)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self) | {"names": list(self.names), "roles": list(self.roles)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the layout of `to_dict` again."""
        return cls(**{**values, "names": tuple(values["names"]), "roles": tuple(values["roles"])})


NO_LAYOUT = Layout("generic", "", "", ".", has_header=False, skipped_lines=0, names=(), roles=())
"""Of a file in which nothing was recognised."""


def unnamed(width: int) -> tuple[str, ...]:
    """Return what columns without names are called."""
    return tuple(f"column {number}" for number in range(1, width + 1))


@dataclass(frozen=True, slots=True)
class Reading:
    """How the lines are turned into bars.

    Attributes
    ----------
    timezone : str
        IANA zone of times that are written without an offset.
    session_dates : bool
        Daily and longer bars: only the date counts, as midnight UTC (see `marketdata.reading.times`).
    adjust : bool
        Adjust for splits and dividends by the column adj_close: with factor = adj_close / close of the same row,
        the four prices are multiplied by it and the volume is divided by it.
    policy : str
        What happens to rows that cannot be used: "reject" the file, "drop" them, or "repair" by `repairs` alone
        (what these cannot mend rejects the file).
    repairs : tuple of str
        Of `REPAIRS`. "sort" puts the rows in order of time; "drop_exact_duplicates" keeps one of several rows that
        agree in every value that is read.
    """

    timezone: str = "UTC"
    session_dates: bool = False
    adjust: bool = False
    policy: Policy = "reject"
    repairs: tuple[str, ...] = field(default=())
