"""The bytes of a file of bars as lines of UTF-8, whatever they are packed in, under caps."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024
HEAD_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024

UNREADABLE = {
    "\0": "the line holds a NUL byte. This is not a text file; export it again as CSV (UTF-8).",
    "\r": "lines end with a lone carriage return. Save the file with usual line ends (LF).",
}
"""What no line of text holds, and what is said about it."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How large a file may be: in bytes as it lies there, packed and unpacked, and in rows."""

    max_bytes: int = 1024 * MEBIBYTE
    max_packed_bytes: int = 256 * MEBIBYTE
    max_unpacked_bytes: int = 2048 * MEBIBYTE
    max_ratio: int = 100
    max_rows: int = 25_000_000


class LineStream(io.BufferedReader):
    """Plain UTF-8 bytes without a byte order mark, with lines that end with LF (or CR LF).

    `fraction` says how much of the file has been consumed, for progress. Reading raises FileTooLarge over a cap and
    FileInvalid when the file is corrupt, cut short, or not written in its encoding.
    """

    @property
    def fraction(self) -> float:
        raise NotImplementedError


def open_lines(path: Path, *, caps: Caps, encoding: str = "utf-8") -> LineStream:
    """Open a plain or gzip-packed file written in `encoding` (of `layout.ENCODINGS`)."""
    raise NotImplementedError


def open_head(path: Path, *, size: int = HEAD_BYTES) -> bytes:
    """Return the first bytes of a file, unpacked and not yet decoded, for `detect` and `preview`."""
    raise NotImplementedError


def text_of(raw: bytes) -> str:
    """Return one raw line as text without its end; ValueError says why it is none (NUL, lone CR, not UTF-8)."""
    raise NotImplementedError
