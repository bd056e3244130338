"""How large a file of bars may be."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Caps:
    """How large a file may be: in bytes as it lies there, packed and unpacked, and in rows."""

    max_bytes: int = 1024 * MEBIBYTE
    max_packed_bytes: int = 256 * MEBIBYTE
    max_unpacked_bytes: int = 2048 * MEBIBYTE
    max_ratio: int = 100
    max_rows: int = 25_000_000
