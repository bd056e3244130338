"""The bytes of a file of bars as lines of UTF-8, whatever they are packed in, under caps."""

from __future__ import annotations

import codecs
import io
import os
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO

from marketdata.errors import FileInvalid, FileTooLarge
from marketdata.reading import parquet
from marketdata.reading.caps import MEBIBYTE, Caps
from marketdata.reading.encodings import GZIP, PARQUET, codec_of, foreign, without_mark

HEAD_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024
MAX_MEMBERS = 50_000
"""Parts that one gzip file may be made of; a tool that packs in blocks makes one of each 64 KiB."""

_PACKED_CHUNK = 64 * 1024
_CHUNK = 1024 * 1024
_RATIO_FROM = MEBIBYTE
"""Unpacked bytes below which the ratio says nothing."""

UNREADABLE = {
    "\0": "the line holds a NUL byte. This is not a text file; export it again as CSV (UTF-8).",
    "\r": "lines end with a lone carriage return. Save the file with usual line ends (LF).",
}
"""What no line of text holds, and what is said about it."""

TOO_LONG = f"the line is longer than {MAX_LINE_BYTES} bytes. This does not look like a CSV file."


class LineStream(io.BufferedReader):
    """Plain UTF-8 bytes without a byte order mark, with lines that end with LF (or CR LF).

    Reading raises FileTooLarge over a cap and FileInvalid when the file is corrupt, cut short, or not written in
    its encoding. UTF-8 itself is not checked here: `text_of` does that for each line.
    """

    def __init__(self, chunks: Iterator[bytes], fraction: Callable[[], float], file: IO[bytes]) -> None:
        super().__init__(_Chunks(chunks), buffer_size=_CHUNK)
        self._fraction = fraction
        self._file = file

    @property
    def fraction(self) -> float:
        """How much of the file has been consumed, from 0 to 1."""
        return 1.0 if self._file.closed else self._fraction()

    def close(self) -> None:
        self._file.close()
        super().close()


class _Chunks(io.RawIOBase):
    """A stream of the bytes that an iterator gives."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(next((chunk for chunk in self._chunks if chunk), b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def open_lines(path: Path, *, caps: Caps, encoding: str = "utf-8") -> LineStream:
    """Open a plain or gzip-packed file written in `encoding` (one of `layout.ENCODINGS`), or a Parquet file as CSV.

    Raises
    ------
    FileInvalid
        The file is something else than text.
    MissingExtra
        It is a Parquet file and pyarrow is not installed.
    FileTooLarge
        The file itself is over the cap of plain or packed bytes.
    """
    file = path.open("rb")
    try:
        if _is_parquet(file):
            return LineStream(*parquet.open_chunks(path, caps), file)
        size = max(1, os.fstat(file.fileno()).st_size)
        return LineStream(_text(_bytes(file, caps), encoding), lambda: min(1.0, file.tell() / size), file)
    except BaseException:
        file.close()
        raise


def open_head(path: Path, *, size: int = HEAD_BYTES) -> bytes:
    """Return the first bytes of a file, unpacked and not yet decoded, for `detect` and `preview`.

    A Parquet file gives the CSV that `open_lines` makes of it.
    """
    head = b""
    with path.open("rb") as file:
        if _is_parquet(file):
            return parquet.head_of(path, size)
        for chunk in _bytes(file, Caps()):
            head += chunk
            if len(head) >= size:
                break
    return head[:size]


def text_of(raw: bytes) -> str:
    """Return one raw line as text without its end; ValueError says why it is none (too long, NUL, CR, not UTF-8)."""
    if len(raw) > MAX_LINE_BYTES:
        raise ValueError(TOO_LONG)
    try:
        text = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"byte {error.start + 1} is not UTF-8. Save the file as CSV with UTF-8 encoding."
        ) from error
    for sign, reason in UNREADABLE.items():
        if sign in text:
            raise ValueError(reason)
    return text


def _is_parquet(file: IO[bytes]) -> bool:
    mark = file.read(len(PARQUET))
    file.seek(0)
    return mark == PARQUET


def _bytes(file: IO[bytes], caps: Caps) -> Iterator[bytes]:
    """What the file holds, unpacked; the first piece is as long as the file allows."""
    is_packed = file.read(2) == GZIP
    file.seek(0)
    most, what = (caps.max_packed_bytes, "packed ") if is_packed else (caps.max_bytes, "")
    if os.fstat(file.fileno()).st_size > most:
        raise FileTooLarge(
            f"The {what}file is larger than {_mebibytes(most)}. Split it by period and import the parts."
        )
    return _unpacked(file, caps) if is_packed else iter(lambda: file.read(_CHUNK), b"")


def _unpacked(file: IO[bytes], caps: Caps) -> Iterator[bytes]:
    """The bytes of a gzip file of one or more members."""
    unpacker = zlib.decompressobj(wbits=31)
    waiting, unpacked, members, is_full = b"", 0, 1, False
    while True:
        if not waiting and not is_full:
            waiting = file.read(_PACKED_CHUNK)
            if not waiting:
                break
        if unpacker.eof:
            waiting = waiting.lstrip(b"\0")  # tools may fill the last block of a tape or a device
            if not waiting:
                continue
            unpacker, members = zlib.decompressobj(wbits=31), members + 1
            if members > MAX_MEMBERS:
                raise FileTooLarge(f"The packed file has more than {MAX_MEMBERS} parts. Pack it in one part.")
        try:
            piece = unpacker.decompress(waiting, _CHUNK)
        except zlib.error as error:
            raise FileInvalid.at(
                0, f"the packed file is corrupt ({error}). Pack or download it again."
            ) from error
        is_full = len(piece) == _CHUNK
        waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        unpacked += len(piece)
        _check_unpacked(unpacked, file.tell() - len(waiting), caps)
        yield piece
    if not unpacker.eof:
        raise FileInvalid.at(0, "the packed file ends too early. Download or pack it again.")


def _check_unpacked(unpacked: int, packed: int, caps: Caps) -> None:
    if unpacked > caps.max_unpacked_bytes:
        most = _mebibytes(caps.max_unpacked_bytes)
        raise FileTooLarge(
            f"Unpacked, the file is larger than {most}. Split it by period and import the parts."
        )
    if unpacked > _RATIO_FROM and unpacked > caps.max_ratio * packed:
        raise FileTooLarge(
            f"Unpacked, the file is more than {caps.max_ratio} times as large as packed, which no table of prices is. "
            "Upload it unpacked if it is one."
        )


def _text(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-8 without a mark and with usual line ends."""
    first = next(chunks, b"")
    while len(first) < 2 * _PACKED_CHUNK and (more := next(chunks, b"")):
        first += more
    if reason := foreign(first):
        raise FileInvalid.at(1, reason)
    chunks = chain([first], chunks)
    if encoding != "utf-8":
        chunks = _recoded(chunks, codec_of(first, encoding))
        first = next(chunks, b"")
        chunks = chain([first], chunks)
    else:
        next(chunks)
        first = without_mark(first)
        chunks = chain([first], chunks)
    if b"\n" not in first and b"\r" in first.rstrip(b"\r"):
        return (chunk.replace(b"\r", b"\n") for chunk in chunks)
    return chunks


def _recoded(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    lines = 1
    is_first = True
    for chunk, is_last in chain(((chunk, False) for chunk in chunks), [(b"", True)]):
        try:
            text = decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(codec, "replace")
            name = codec.removesuffix("-le").removesuffix("-be")
            reason = f"holds bytes that are not {name}. Choose another encoding, or save the file as UTF-8."
            raise FileInvalid.at(lines + before.count("\n"), reason) from error
        lines += text.count("\n")
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        yield text.encode("utf-8", "replace")


def _mebibytes(count: int) -> str:
    return f"{count / MEBIBYTE:g} MiB"
