"""Parquet files as lines of CSV, so that the one definition of a row holds for them too.

Line 1 names the columns and line n + 1 is row n, which is how problems are located. Times of a column with a zone are
written in that zone with their offset, those without one as local times; numbers with all their digits; what is null as
an empty cell. pyarrow is optional and is only ever loaded by processes that do nothing else: `open_chunks` in jobs,
`head_of` in a process of its own, so that no damaged file can take a web process with it.
"""

from __future__ import annotations

import functools
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketdata.errors import FileInvalid, FileTooLarge, MarketDataError, MissingExtra
from marketdata.reading.caps import Caps

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH = 16_384
_HEAD_SECONDS = 30
_HEAD_BYTES = 3 * 2**30
"""Address space of the process that reads a head; most of it is only reserved."""
_REFUSALS: dict[int, Callable[[str], MarketDataError]] = {
    3: lambda said: FileInvalid.at(0, said),
    4: FileTooLarge,
    5: lambda _said: MissingExtra("pyarrow"),
}
_STRUCTURE = '[,"\\r\\n\\0]'
_ROOT = Path(__file__).resolve().parents[2]


def open_chunks(path: Path, caps: Caps) -> tuple[Iterator[bytes], Callable[[], float]]:
    """Return the file as pieces of CSV, and what says how much of it was read, from 0 to 1.

    Raises
    ------
    FileInvalid
        The file is damaged (here or while it is read).
    FileTooLarge
        It is over a cap.
    MissingExtra
        pyarrow is not installed.
    """
    file = _opened(path)
    rows, size = file.metadata.num_rows, _unpacked_size(file)
    if path.stat().st_size > caps.max_packed_bytes or size > caps.max_unpacked_bytes or rows > caps.max_rows:
        raise FileTooLarge(
            f"The file holds {rows} rows, {size / 2**20:.0f} MiB unpacked; at most {caps.max_rows} rows and "
            f"{caps.max_unpacked_bytes / 2**20:g} MiB are read. Split it by period and import the parts."
        )
    done = [0]
    return _chunks(file, done), lambda: done[0] / max(1, rows)


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes of the file as CSV, made by a process of its own; raises what `open_chunks` does."""
    state = path.stat()
    return _head_of(path, size, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=8)
def _head_of(path: Path, size: int, _changed: int, _bytes: int) -> bytes:
    command = [sys.executable, "-m", "marketdata.reading.parquet_head", str(path.resolve()), str(size)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=_ROOT,
            capture_output=True,
            timeout=_HEAD_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise FileInvalid.at(
            0, "the first rows of the Parquet file cannot be read in time. Save it again as CSV."
        ) from error
    if done.returncode == 0:
        return done.stdout
    if refusal := _REFUSALS.get(done.returncode):
        raise refusal(done.stdout.decode("utf-8", "replace"))
    raise FileInvalid.at(
        0, "the Parquet file is damaged, or takes too much memory. Write it again, or save it as CSV."
    )


def print_head(path: Path, size: int) -> int:
    """Write the first bytes to standard output, or what is wrong; return the exit code that `head_of` understands."""
    _limit_memory()
    out = sys.stdout.buffer
    try:
        chunks, _fraction = open_chunks(path, Caps())
        written = 0
        for chunk in chunks:
            out.write(chunk[: size - written])
            written += len(chunk)
            if written >= size:
                break
    except FileInvalid as error:
        return _said(3, error.problems[0].reason)
    except FileTooLarge as error:
        return _said(4, error.detail)
    except MissingExtra as error:
        return _said(5, error.detail)
    return 0


def _limit_memory() -> None:
    """Cap the address space of this process, so that a bomb meets an error instead of the machine."""
    if sys.platform.startswith("linux"):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_HEAD_BYTES, _HEAD_BYTES))


def _said(code: int, words: str) -> int:
    sys.stdout.buffer.write(words.encode())
    return code


def _opened(path: Path) -> pq.ParquetFile:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtra("pyarrow") from error
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(error) from error


def _unpacked_size(file: pq.ParquetFile) -> int:
    return sum(
        file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups)
    )


def _chunks(file: pq.ParquetFile, done: list[int]) -> Iterator[bytes]:
    import pyarrow as pa

    names = ["" if name.startswith("__index_level_") else name for name in file.schema_arrow.names]
    yield ",".join(_quoted(name) for name in names).encode() + b"\n"
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            done[0] += batch.num_rows
            yield _csv(batch)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(error) from error
    finally:
        file.close()


def _csv(batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = [_text(column) for column in batch.columns]
    is_plain = not any(
        pa.types.is_string(column.type) and pc.any(pc.match_substring_regex(column, _STRUCTURE)).as_py()
        for column in columns
    )
    if not is_plain:
        columns = [
            pc.replace_substring_regex(column, r"[\r\n\x00]", " ")
            if pa.types.is_string(column.type)
            else column
            for column in columns
        ]
    table = pa.table(columns, names=[str(at) for at in range(len(columns))])
    sink = io.BytesIO()
    style = "none" if is_plain else "needed"
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style=style))
    return sink.getvalue()


def _text(column: Any) -> Any:
    """A column in a type whose text is what a row's cell should hold."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _timestamps(column)
    if pa.types.is_date(kind):
        return pc.cast(column, pa.date32())
    if pa.types.is_floating(kind):
        return pc.cast(column, pa.float64())
    if (
        pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_time(kind)
        or pa.types.is_decimal(kind)
    ):
        return column
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_string(kind):
        return pc.cast(column, pa.string())
    return pa.nulls(len(column), pa.string())


def _timestamps(column: Any) -> Any:
    """Times as text; what is finer than a microsecond is cut off, and whole seconds have no fraction."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zone = column.type.tz
    try:
        column = pc.cast(column, pa.timestamp("s", zone))
    except pa.ArrowInvalid:
        column = pc.cast(column, pa.timestamp("us", zone), safe=False)
    # Local times, and those of UTC with a Z, are written as they are; the zone's offset takes longer.
    return column if zone in (None, "UTC") else pc.strftime(column, format="%Y-%m-%d %H:%M:%S%z")


def _quoted(name: str) -> str:
    name = name.replace("\r", " ").replace("\n", " ").replace("\0", " ")
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"') else name


def _damaged(error: Exception) -> FileInvalid:
    said = " ".join(str(error).split())[:120]
    return FileInvalid.at(0, f"the Parquet file cannot be read ({said}). Write it again, or save it as CSV.")
