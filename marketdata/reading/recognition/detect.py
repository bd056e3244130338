"""What a file of bars probably is, from its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from marketdata.errors import FileProblem
from marketdata.reading.encodings import decoded, first_bad_line, foreign, lines_of, sniff
from marketdata.reading.layout import DELIMITERS, ENCODINGS, NO_LAYOUT
from marketdata.reading.lines import HEAD_BYTES, MAX_LINE_BYTES, TOO_LONG
from marketdata.reading.recognition.detection import NOTHING_SAID, Detection, Overrides
from marketdata.reading.recognition.guessing import from_file_name
from marketdata.reading.recognition.sampling import recognise
from marketdata.reading.recognition.tables import find_table
from marketdata.reading.report import problem


def detect(head: bytes, *, file_name: str = "", overrides: Overrides = NOTHING_SAID) -> Detection:
    """Look at the first bytes of a file (unpacked, as `lines.open_head` gives them); never raises.

    What `overrides` say holds, and everything else is recognised in its light. Where nothing can be made of the file
    in that way, the problem says which line is the first that does not fit.
    """
    symbol, timeframe = from_file_name(file_name)
    named = Detection(NO_LAYOUT, symbol=symbol, timeframe=timeframe)
    if reason := foreign(head):
        return replace(named, problems=(problem(0, "", "", reason),))
    encoding = overrides.encoding or sniff(head)
    if encoding is None:
        reason = (
            "this is not a text file, or one of an unusual encoding. Choose its encoding, or export the bars as CSV "
            "with UTF-8 encoding."
        )
        return replace(named, problems=(problem(0, "", "", reason),))
    if overrides.encoding and (bad := first_bad_line(head, encoding)):
        reason = f"holds bytes that are not {ENCODINGS[encoding]}. Choose another encoding."
        return replace(
            named,
            layout=replace(NO_LAYOUT, encoding=encoding),
            problems=(problem(bad, "", "", reason),),
        )
    lines = lines_of(decoded(head, encoding))
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut short
    refusal = _no_table(lines, overrides.skipped_lines or 0)
    table = None if refusal else find_table(lines, overrides)
    if table is None:
        layout = replace(NO_LAYOUT, encoding=encoding, delimiter=overrides.delimiter or NO_LAYOUT.delimiter)
        return replace(named, layout=layout, problems=(refusal or _why_no_table(lines, overrides),))
    return recognise(lines, table, encoding, named, overrides)


def _no_table(lines: Sequence[str], skipped: int) -> FileProblem | None:
    if not any(line.strip() for line in lines):
        reason = "the file is empty. Its first line names the columns: date, open, high, low, close, volume."
        return problem(1, "", "", reason)
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_BYTES:
            return problem(number, "", line, TOO_LONG)
    if not any(line.strip() for line in lines[skipped:]):
        reason = f"nothing is left after {skipped} skipped lines. Skip fewer."
        return problem(len(lines), "", "", reason)
    return None


def _why_no_table(lines: Sequence[str], overrides: Overrides) -> FileProblem:
    numbered = list(enumerate(lines, 1))[overrides.skipped_lines or 0 :]
    number, line = next((number, line) for number, line in numbered if line.strip())
    said = []
    if overrides.encoding:
        said.append(f"read as {ENCODINGS[overrides.encoding]}")
    if overrides.delimiter:
        said.append(f"cut by {DELIMITERS[overrides.delimiter]}")
    if said:
        reason = f"does not begin a table of bars when {' and '.join(said)}. Choose otherwise, or have it recognised."
    else:
        reason = (
            "does not begin a table of bars. Its first line should name the columns: date, open, high, low, close, "
            "volume, parted by comma, semicolon or tab."
        )
    return problem(number, "", line, reason)
