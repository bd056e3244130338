"""Large uploads without their weight in memory, and none that is larger than it may be.

Left alone, the server takes form data apart for itself before the application sees it, which costs about eleven times
its size, and then hands over all pieces of a body at once. Here nobody but Django reads form data, and the pieces are
views of the file that the body was received into.

The server also keeps whatever it is sent, of whomever, before the application is asked. Here a body that grows beyond
what its address takes is answered 413 at once, and the rest of it is dropped.
"""

from __future__ import annotations

import io
import json
import mmap
import os
from typing import Any

from daphne import http_protocol
from django.conf import settings

FILES_COME_TO = (b"/api/market-data/", b"/data/")
"""Below these addresses a body may hold a file of bars."""
ROOM_FOR_FIELDS = 1024 * 1024
"""What a form may hold beside its file. The application words the refusal of what is only a little too large."""
LINGER_SECONDS = 5.0
"""How long a sender who was refused may go on until the connection is cut: most read the answer only then."""


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
    """A request whose body is read once, by the application, and is never larger than its address takes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)
        self._received, self._refused = 0, False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  the server's names
        super().gotLength(0 if length is not None and length > self._most() else length)
        if length is not None and length > self._most():
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._received += len(data)
        if not self._refused and self._received > self._most():
            self._refuse()
        if not self._refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        if self._refused:
            self.channel.loseConnection()
            return None
        self.requestHeaders.removeHeader(b"daphne-root-path")  # no sender says where the lab is mounted
        if not self.requestHeaders.hasHeader(b"content-length") and self._received:
            # A body in chunks says its length last; Django takes one without a length for empty.
            self.requestHeaders.setRawHeaders(b"content-length", [str(self._received).encode()])
        body = self.content
        body.flush()
        if not isinstance(body, io.BytesIO) and os.fstat(body.fileno()).st_size:
            self.content = MappedBody(body)
        return super().process()

    def _most(self) -> int:
        address = self.channel._path  # the request itself learns its address when the body has ended
        if address.startswith(FILES_COME_TO):
            return int(settings.UPLOAD_MAX_BYTES) + ROOM_FOR_FIELDS
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + ROOM_FOR_FIELDS

    def _refuse(self) -> None:
        """Answer before the body has ended, and keep nothing of it."""
        self._refused = True
        self.content.close()
        self.content = io.BytesIO()
        said = f"The request is larger than {self._most() // 1024} KB, which is the limit here: send less."
        body = json.dumps({"code": "too_large", "detail": said, "fields": {}}).encode()
        head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.channel.transport.write(b"HTTP/1.1 413 Content Too Large\r\n" + head.encode() + body)
        cut = self.channel.callLater(LINGER_SECONDS, self.channel.transport.abortConnection)
        self.notifyFinish().addErrback(lambda _gone: cut.active() and cut.cancel())


def install() -> None:
    """Have the server make every request of this kind."""
    http_protocol.WebRequest = LeanRequest
