"""What a file of bars probably is, from its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from marketdata.errors import FileProblem
from marketdata.reading.encodings import decoded, foreign, lines_of, sniff
from marketdata.reading.layout import NO_LAYOUT
from marketdata.reading.lines import HEAD_BYTES, MAX_LINE_BYTES, TOO_LONG
from marketdata.reading.recognition.detection import Detection
from marketdata.reading.recognition.guessing import from_file_name
from marketdata.reading.recognition.sampling import examine
from marketdata.reading.recognition.tables import find_table
from marketdata.reading.rows import problem


def detect(head: bytes, *, file_name: str = "") -> Detection:
    """Look at the first bytes of a file (unpacked, as `lines.open_head` gives them); never raises."""
    symbol, timeframe = from_file_name(file_name)
    named = Detection(NO_LAYOUT, symbol=symbol, timeframe=timeframe)
    if reason := foreign(head):
        return replace(named, problems=(problem(0, "", "", reason),))
    encoding = sniff(head)
    if encoding is None:
        reason = "this is not a text file. Export the bars as CSV with UTF-8 encoding."
        return replace(named, problems=(problem(0, "", "", reason),))
    lines = lines_of(decoded(head, encoding))
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut short
    refusal = _no_table(lines)
    table = None if refusal else find_table(lines)
    if table is None:
        layout = replace(NO_LAYOUT, encoding=encoding)
        return replace(named, layout=layout, problems=(refusal or _why_no_table(lines),))
    return examine(lines, table, encoding, named)


def _no_table(lines: Sequence[str]) -> FileProblem | None:
    if not any(line.strip() for line in lines):
        reason = "the file is empty. Its first line names the columns: date, open, high, low, close, volume."
        return problem(1, "", "", reason)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_BYTES:
            return problem(number, "", line, TOO_LONG)
    return None


def _why_no_table(lines: Sequence[str]) -> FileProblem:
    number, line = next((number, line) for number, line in enumerate(lines, 1) if line.strip())
    reason = (
        "does not begin a table of bars. Its first line should name the columns: date, open, high, low, close, "
        "volume, parted by comma, semicolon or tab."
    )
    return problem(number, "", line, reason)
