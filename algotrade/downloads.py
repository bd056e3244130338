"""A stored file handed out piece by piece, so that a large one is never held in memory."""

from collections.abc import AsyncIterator
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

PIECE = 256 * 1024


def download(stream: BinaryIO, *, name: str, size: int, content_type: str) -> StreamingHttpResponse:
    """The open file as an attachment called `name`; it is closed when it was sent, or its reader has gone."""
    response = StreamingHttpResponse(_pieces(stream), content_type=content_type)
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _pieces(stream: BinaryIO) -> AsyncIterator[bytes]:
    with stream:
        while piece := await sync_to_async(stream.read, thread_sensitive=False)(PIECE):
            yield piece
