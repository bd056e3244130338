"""Large uploads without their weight in memory.

Left alone, the server takes form data apart for itself before the application sees it, which costs about eleven times
its size, and then hands over all pieces of a body at once. Here nobody but Django reads form data, and the pieces are
views of the file that the body was received into.
"""

from __future__ import annotations

import io
import mmap
import os
from typing import Any

from daphne import http_protocol


class MappedBody:
    """A received body as the server reads it, whose pieces lie in its file until they are used."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._place = 0

    @property
    def closed(self) -> bool:
        return bool(self._file.closed)

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place, as counted from the beginning."""
        if whence:
            raise ValueError("A received body is read from its beginning.")
        self._place = place
        return place

    def read(self, size: int) -> memoryview:
        """Return the next piece. It stays good after the file is closed: the mapping lives as long as its pieces."""
        piece = self._view[self._place : self._place + size]
        self._place += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


class LeanRequest(http_protocol.WebRequest):
    """A request whose body is read once, by the application."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)

    def process(self) -> Any:
        body = self.content
        body.flush()
        if not isinstance(body, io.BytesIO) and os.fstat(body.fileno()).st_size:
            self.content = MappedBody(body)
        return super().process()


def install() -> None:
    """Have the server make every request of this kind."""
    http_protocol.WebRequest = LeanRequest
