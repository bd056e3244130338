"""A file of bars as columns, however long it is: read in pieces, in little memory, with every problem located."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from marketdata.columns import ColumnFiles
from marketdata.errors import FileInvalid
from marketdata.reading.caps import Caps
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.lines import MAX_LINE_BYTES, TOO_LONG, LineStream, open_lines, text_of
from marketdata.reading.report import ReadReport
from marketdata.reading.rows import RowReader
from marketdata.reading.streaming.walk import RowWalk
from marketdata.reading.times import latest_ns

PIECE_BYTES = 1024 * 1024
"""Bytes that are read at once; several of the longest lines fit in."""

_LINE_FEED = 10

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file held. The caller closes `columns`, which removes them from the disk.

    `columns` has the further column "adj_close" when the file has one and it was not used to adjust: NaN where it
    holds no price.
    """

    columns: ColumnFiles
    report: ReadReport
    layout: Layout
    reading: Reading


def read_file(
    path: Path,
    *,
    layout: Layout,
    reading: Reading,
    folder: Path | None = None,
    caps: Caps | None = None,
    latest: dt.datetime | None = None,
    progress: Progress | None = None,
) -> FileContent:
    """Read a file of text, plain or packed by gzip, or a Parquet file, as columns in order of time.

    Parameters
    ----------
    path : Path
        The file.
    layout, reading : Layout, Reading
        Where the values stand, how they are meant, and what happens to rows that cannot be used.
    folder : Path, optional
        Where the columns are kept until the caller closes them.
    caps : Caps, optional
        How large the file may be.
    latest : datetime, optional
        Later bars are refused as future dates; a day from now by default.
    progress : callable, optional
        Called as progress(bytes done of the file as it lies there, rows read) for each piece. What it raises ends
        the reading and leaves no file behind.

    Raises
    ------
    FileInvalid
        With the located problems (1,000 at most): any, unless the policy is "drop"; that no row can be used; that
        the file runs newest first while sorting was not asked for.
    FileTooLarge
        The file is over one of the caps.
    StorageFailed
        The disk does not take the columns.
    """
    caps = caps or Caps()
    exact = RowReader(layout, reading, latest_ns(latest))
    size = path.stat().st_size
    with open_lines(path, caps=caps, encoding=layout.encoding) as stream:
        columns = ColumnFiles(folder, further=_further(layout, reading))
        try:
            walk = RowWalk(exact, columns, max_rows=caps.max_rows)
            walk.line = _skip_head(stream, exact)
            for data, after in _pieces(stream, walk):
                walk.read(data, after)
                if progress is not None:
                    progress(int(stream.fraction * size), walk.report.rows_read)
                if walk.is_full():
                    break
            report = walk.finish()
        except BaseException:
            columns.close()
            raise
    return FileContent(columns, report, layout, reading)


def _further(layout: Layout, reading: Reading) -> dict[str, str]:
    further = {}
    if layout.position("adj_close") is not None and not reading.adjust:
        further["adj_close"] = "<f8"
    if reading.policy == "repair":
        further["line"] = "<i8"  # what is found out only after sorting is located by it
    return further


def _skip_head(stream: LineStream, exact: RowReader) -> int:
    """Read the lines before the first row, check the header, and return how many lines these are."""
    layout = exact.layout
    for number in range(1, layout.skipped_lines + 1):
        if not stream.readline(MAX_LINE_BYTES + 1):
            raise FileInvalid.at(
                number, "the file ends before its first row. Detect the columns of this file again."
            )
    number = layout.skipped_lines
    if layout.has_header:
        number += 1
        raw = stream.readline(MAX_LINE_BYTES + 1)
        if not raw:
            reason = "the file is empty. The first line must name the columns: date, open, high, low, close, volume."
            raise FileInvalid.at(number, reason)
        try:
            problems = exact.check_header(text_of(raw), number)
        except ValueError as error:
            raise FileInvalid.at(number, str(error)) from error
        if problems:
            raise FileInvalid(problems)
    return number


def _pieces(stream: LineStream, walk: RowWalk) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Yield bytes of whole lines, and where they end; the array is used again for the next piece."""
    buffer = bytearray(PIECE_BYTES + 1)
    data, view = np.frombuffer(buffer, dtype=np.uint8), memoryview(buffer)
    held = 0
    while True:
        count = stream.readinto(view[held:PIECE_BYTES])
        end = held + count
        if not count:
            if held:
                buffer[held] = _LINE_FEED  # the last line has none of its own
                yield data, held + 1
            return
        after = buffer.rfind(b"\n", 0, end) + 1
        if after:
            yield data, after
        held = end - after
        if held > MAX_LINE_BYTES:
            raise FileInvalid.at(walk.line + 1, TOO_LONG)
        view[:held] = bytes(view[after:end])
