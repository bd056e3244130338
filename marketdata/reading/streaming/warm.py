"""Compile, or load from the cache, the kernels that read files, before the first import needs them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from marketdata.reading.layout import Layout, Reading
from marketdata.reading.streaming.reader import read_file

_NAMES = ("time", "open", "high", "low", "close", "volume")
_ROWS = (
    "2020-01-02 09:30,10,12,9,11,500\n2020-01-03 09:30,11,13,10,12,600\n2020-01-06 09:30,12,14,11,13,700\n"
)


def warm_up() -> float:
    """Read a tiny file; return the seconds it took. Safe to call more than once."""
    started = time.perf_counter()
    layout = Layout("generic", "utf-8", ",", ".", False, 0, _NAMES, _NAMES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tiny.csv")
        path.write_text(_ROWS, encoding="ascii")
        read_file(path, layout=layout, reading=Reading(), folder=Path(folder)).columns.close()
    return time.perf_counter() - started
