"""In which encoding a file is written, judged by its first bytes, and what is no table of text at all."""

from __future__ import annotations

import codecs

_BOM_8 = codecs.BOM_UTF8
_BOMS_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BOMS_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_LOOKED_AT = 4096
_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")))
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ZIP = b"PK\x03\x04"

_FOREIGN = {
    GZIP: "the file is packed twice. Unpack it once and upload the result.",
    ZIP: "this is a zip archive or an Excel workbook. Unpack it, or save the sheet as CSV.",
    b"\xd0\xcf\x11\xe0": "this is an old Excel workbook. Save the sheet as CSV.",
    PARQUET: "this is a Parquet file. Give it a name that ends in .parquet.",
    b"BZh": "the file is packed with bzip2. Unpack it, or pack it with gzip.",
    b"\xfd7zXZ": "the file is packed with xz. Unpack it, or pack it with gzip.",
    b"7z\xbc\xaf": "this is a 7z archive. Unpack it and upload the CSV file in it.",
    b"\x28\xb5\x2f\xfd": "the file is packed with zstd. Unpack it, or pack it with gzip.",
    b"Rar!": "this is a rar archive. Unpack it and upload the CSV file in it.",
    b"%PDF": "this is a PDF document. Download the data as CSV.",
    b"SQLite format 3": "this is a database. Export the table as CSV.",
    b"\x89PNG": "this is an image. Upload a CSV file.",
    b"\x89HDF": "this is an HDF5 file. Save the table as CSV.",
}
_MARKUP = {
    b"<!doctype html": "this is a web page instead of data. Download the file again; the site may want a login.",
    b"<html": "this is a web page instead of data. Download the file again; the site may want a login.",
    b"<?xml": "this is XML. Download the data as CSV.",
    b"{": "this is JSON, perhaps an error message of the provider. Download the data as CSV.",
    b"[": "this is JSON. Download the data as CSV.",
}


def foreign(head: bytes) -> str | None:
    """Say what a file is that is no table of text; None when it may be one."""
    for magic, reason in _FOREIGN.items():
        if head.startswith(magic):
            return reason
    if head.startswith(_BOMS_32):
        return "the file is UTF-32. Save it as CSV with UTF-8 encoding."
    start = head[:200].removeprefix(_BOM_8).lstrip().lower()
    for magic, reason in _MARKUP.items():
        if start.startswith(magic):
            return reason
    return None


def without_mark(head: bytes) -> bytes:
    """Return UTF-8 bytes without a byte order mark."""
    return head.removeprefix(_BOM_8)


def sixteen_bit_order(head: bytes) -> str | None:
    """Return "utf-16-le" or "utf-16-be" for bytes that are evidently UTF-16, by a mark or by where the zeros are."""
    for mark, codec in _BOMS_16.items():
        if head.startswith(mark):
            return codec
    looked = head[: _LOOKED_AT // 2 * 2]
    half = len(looked) // 2
    if half < 4:
        return None
    even, odd = looked[0::2].count(0), looked[1::2].count(0)
    # Digits, signs and line ends have one zero byte each, and it is always on the same side.
    if odd > 0.8 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.8 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def sniff(head: bytes) -> str | None:
    """Return which of `layout.ENCODINGS` the bytes are written in, or None when they are no text."""
    if sixteen_bit_order(head):
        return "utf-16"
    body = without_mark(head)
    looked = body[:_LOOKED_AT]
    controls = len(looked) - len(looked.translate(None, _CONTROLS))
    if controls > max(2, len(looked) // 100):  # one zero byte is a damaged row; many are another kind of file
        return None
    if is_text(body, "utf-8"):
        return "utf-8"
    high = sum(byte > 127 for byte in looked)
    return "cp1252" if is_text(body, "cp1252") and high < 0.3 * len(looked) + 1 else None


def is_text(head: bytes, encoding: str) -> bool:
    """Whether bytes that may end within a character are written in an encoding."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def codec_of(head: bytes, encoding: str) -> str:
    """Return the codec that reads a file of one of `layout.ENCODINGS` which begins with `head`."""
    return (sixteen_bit_order(head) or "utf-16-le") if encoding == "utf-16" else encoding


def decoded(head: bytes, encoding: str) -> str:
    """Return the text of first bytes that may end within a character; what is no character becomes U+FFFD."""
    text = codecs.getincrementaldecoder(codec_of(head, encoding))("replace").decode(head)
    return text.removeprefix("\ufeff")


def first_bad_line(head: bytes, encoding: str) -> int | None:
    """Return the line, counted from 1, of the first bytes that are not written in an encoding; None without any."""
    codec = codec_of(head, encoding)
    try:
        codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError as error:
        return head[: error.start].decode(codec, "replace").count("\n") + 1
    return None


def lines_of(text: str) -> list[str]:
    """Cut text into lines without their ends; lone carriage returns end lines only where nothing else does."""
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
