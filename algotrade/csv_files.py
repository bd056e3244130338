"""Tables as CSV files. Text cells that a spreadsheet would run as a formula are neutralised; numbers are not text."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BLOCK = 1_000
"""Lines that are made and sent together."""


def cell(value: Any) -> Any:
    """One cell: None is empty, text that starts like a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a table, the one of its column names first, then `BLOCK` rows at a time."""
    yield _text([columns])
    remaining = iter(rows)
    while block := list(islice(remaining, BLOCK)):
        yield _text(block)


def _text(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    # A writer leaves None empty and numbers are safe: only texts need a look, which is dear for millions of cells.
    writer = csv.writer(text)
    writer.writerows([[cell(value) if isinstance(value, str) else value for value in row] for row in rows])
    return text.getvalue()


class BlocksResponse(StreamingHttpResponse):
    """Streams blocks that are made one after the other; a server of ASGI sends each before the next one is made."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        blocks = iter(self.streaming_content)
        while (block := await sync_to_async(next)(blocks, None)) is not None:
            yield block


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download of the rows under their column names."""
    response = BlocksResponse(csv_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
