"""Large uploads without their weight in memory, and none that is larger than it may be.

Left alone, the server takes form data apart for itself before the application sees it, which costs about eleven times
its size, and then hands over all pieces of a body at once. Here nobody but Django reads form data, and the pieces are
views of the file that the body was received into.

The server also keeps whatever it is sent, of whomever, before the application is asked. Here a body that grows beyond
what its address takes is answered 413 at once, and the rest of it is dropped. So is, with 401, a file of nobody: whose
it is, is asked while it comes.
"""

from __future__ import annotations

import io
import json
import logging
import mmap
import os
from collections.abc import Callable
from typing import Any

from daphne import http_protocol
from django.conf import settings
from twisted.internet.threads import deferToThread

logger = logging.getLogger(__name__)

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

    def read(self, size: int = -1) -> memoryview:
        """Return the next piece, or all that is left. It outlives the file: the mapping lives as long as its pieces."""
        piece = self._view[self._place :] if size < 0 else self._view[self._place : self._place + size]
        self._place += len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


class LeanRequest(http_protocol.WebRequest):
    """A request whose body is read once, by the application, and never larger than its sender may send there."""

    is_known: Callable[[str, str], bool] = staticmethod(lambda _cookie, _authorization: True)
    """Whether the headers Cookie and Authorization of a request are somebody's. Called in a thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)
        self._received, self._refused, self._asked, self._ended = 0, False, False, False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  the server's names
        super().gotLength(0 if length is not None and length > self._most() else length)
        self._judge(length or 0)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._received += len(data)
        self._judge(self._received)
        if not self._refused:
            super().handleContentChunk(data)

    def _judge(self, length: int) -> None:
        if length > self._most() and not self._refused:
            self._refuse_as_too_large()
        elif length > _most_of_anybody() and not self._asked:
            self._asked = True
            asked = deferToThread(self.is_known, self._header(b"cookie"), self._header(b"authorization"))
            asked.addCallbacks(self._hear_who, self._hear_nothing)

    def _hear_who(self, known: bool) -> None:
        if not (known or self._refused or self._ended or self._disconnected):
            self._refuse(
                b"401 Unauthorized", "not_authenticated", "Log in before you send a file; nothing was kept."
            )

    @staticmethod
    def _hear_nothing(failure: Any) -> None:
        """The application is out of reach of its database, too, and says so when the body has ended."""
        logger.warning("Whose a large body is could not be found out: %s", failure.type.__name__)

    def _header(self, name: bytes) -> str:
        return self.requestHeaders.getRawHeaders(name, [b""])[0].decode("latin-1")

    def process(self) -> Any:
        self._ended = True
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

    def _takes_files(self) -> bool:
        return bool(
            self.channel._path.startswith(FILES_COME_TO)
        )  # the request knows its address at the end only

    def _most(self) -> int:
        return int(settings.UPLOAD_MAX_BYTES) + ROOM_FOR_FIELDS if self._takes_files() else _most_of_anybody()

    def _refuse_as_too_large(self) -> None:
        limit = (self._most() - ROOM_FOR_FIELDS) // 1024
        said = f"The request is larger than {limit:,} KB, which is the limit here: send less."
        code = "file_too_large" if self._takes_files() else "too_large"
        self._refuse(b"413 Content Too Large", code, said)

    def _refuse(self, status: bytes, code: str, said: str) -> None:
        """Answer before the body has ended, and keep nothing of it."""
        self._refused = True
        self.content.close()
        self.content = io.BytesIO()
        body = json.dumps({"code": code, "detail": said, "fields": {}}).encode()
        head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.channel.transport.write(b"HTTP/1.1 " + status + b"\r\n" + head.encode() + body)
        cut = self.channel.callLater(LINGER_SECONDS, self.channel.transport.abortConnection)
        self.notifyFinish().addErrback(lambda _gone: cut.active() and cut.cancel())


def _most_of_anybody() -> int:
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + ROOM_FOR_FIELDS


def install(is_known: Callable[[str, str], bool]) -> None:
    """Have the server make every request of this kind, and ask this whose a large body is."""
    LeanRequest.is_known = staticmethod(is_known)
    http_protocol.WebRequest = LeanRequest
