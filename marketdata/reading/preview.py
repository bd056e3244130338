"""The first rows of a file as they will be read."""

from __future__ import annotations

from dataclasses import dataclass

from marketdata.errors import FileProblem
from marketdata.reading.layout import Layout, Reading


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of the file: its values, or the problem why it has none.

    `time` is ISO text in UTC, a date alone for session dates.
    """

    line: int
    time: str | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float | None = None
    problem: FileProblem | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows, and what keeps the whole file from being read as asked."""

    rows: tuple[PreviewRow, ...]
    problems: tuple[FileProblem, ...] = ()


def preview(head: bytes, layout: Layout, reading: Reading, *, limit: int = 20) -> Preview:
    """Read the first `limit` rows of `head` (unpacked, as `lines.open_head` gives them); never raises."""
    raise NotImplementedError
