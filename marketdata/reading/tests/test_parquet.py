"""Parquet files mean what the same table would mean as CSV, and damaged ones are refused in words."""

import datetime as dt
import decimal
import random
import subprocess
import sys

import numpy as np
import pytest

from marketdata.errors import FileInvalid, FileTooLarge, MissingExtra
from marketdata.reading import parquet
from marketdata.reading.caps import Caps
from marketdata.reading.layout import Reading
from marketdata.reading.lines import HEAD_BYTES, open_head, open_lines
from marketdata.reading.preview import preview
from marketdata.reading.recognition.detect import detect
from marketdata.reading.streaming.reader import read_file

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

BARS = {
    "open": [10.0, 11.0],
    "high": [12.0, 13.0],
    "low": [9.0, 10.0],
    "close": [11.0, 12.0],
    "volume": [500, 600],
}
FINE = [dt.datetime(2024, 1, 2, 15, 30, 0, 250), dt.datetime(2024, 1, 2, 15, 31, 0, 250)]
MINUTES = [dt.datetime(2024, 1, 2, 15, 30), dt.datetime(2024, 1, 2, 15, 31)]
LATEST = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "SPY.parquet"


def write(path, columns, **options):
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)


def rows_of(path, **options):
    """Read the file as it is recognised: time in nanoseconds and five values a row."""
    with open_lines(path, caps=Caps()) as stream:
        found = detect(stream.read(HEAD_BYTES), file_name=path.name)
    assert found.problems == (), found.problems
    settings = {"timezone": found.timezone or "UTC", "session_dates": found.session_dates} | options
    content = read_file(path, layout=found.layout, reading=Reading(**settings), latest=LATEST)
    with content.columns as columns:
        names = ("time", "open", "high", "low", "close", "volume")
        return list(zip(*(columns.read(name).tolist() for name in names), strict=True))


def nanoseconds(text):
    return int(np.datetime64(text, "ns").astype(np.int64))


@pytest.mark.parametrize(
    ("times", "first"),
    [
        (pa.array(MINUTES, pa.timestamp("ns")), "2024-01-02T15:30"),
        (pa.array(MINUTES, pa.timestamp("s")), "2024-01-02T15:30"),
        (pa.array(MINUTES, pa.timestamp("us", "UTC")), "2024-01-02T15:30"),
        (pa.array(MINUTES, pa.timestamp("ms", "America/New_York")), "2024-01-02T15:30"),
        (pa.array([1_704_209_400_000, 1_704_209_460_000], pa.int64()), "2024-01-02T15:30"),
        (pa.array(["2024-01-02 15:30", "2024-01-02 15:31"]), "2024-01-02T15:30"),
        (
            pa.array(["2024-01-02T10:30:00-05:00", "2024-01-02T10:31:00-05:00"]).dictionary_encode(),
            "2024-01-02T15:30",
        ),
        (pa.array([dt.date(2024, 1, 2), dt.date(2024, 1, 3)], pa.date32()), "2024-01-02"),
        (pa.array([dt.date(2024, 1, 2), dt.date(2024, 1, 3)], pa.date64()), "2024-01-02"),
        (pa.array(FINE, pa.timestamp("us")), "2024-01-02T15:30:00.00025"),
    ],
)
def test_every_type_of_time_is_read(path, times, first):
    write(path, {"time": times} | BARS)
    assert rows_of(path)[0] == (nanoseconds(first), 10, 12, 9, 11, 500)


def test_times_without_a_zone_are_local_to_the_chosen_one(path):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS)
    assert rows_of(path, timezone="America/New_York")[0][0] == nanoseconds("2024-01-02T20:30")


def test_the_zone_of_a_column_is_recognised_and_dates_are_its_own(path):
    days = [
        dt.datetime(2024, 1, 3, tzinfo=dt.UTC) - dt.timedelta(hours=9) + dt.timedelta(days=at)
        for at in (0, 1)
    ]
    write(path, {"time": pa.array(days, pa.timestamp("us", "Asia/Tokyo"))} | BARS)
    assert detect(open_head(path)).timezone == "Asia/Tokyo"
    assert rows_of(path)[0][0] == nanoseconds("2024-01-03")


@pytest.mark.parametrize(
    "kind",
    [
        pa.float64(),
        pa.float32(),
        pa.int32(),
        pa.uint16(),
        pa.decimal128(10, 4),
        pa.string(),
        pa.large_string(),
    ],
)
def test_every_type_of_number_is_read(path, kind):
    make = decimal.Decimal if pa.types.is_decimal(kind) else str if "string" in str(kind) else int
    columns = {name: pa.array([make(int(value)) for value in values], kind) for name, values in BARS.items()}
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | columns)
    assert rows_of(path)[0][1:] == (10, 12, 9, 11, 500)


def test_prices_keep_every_digit(path):
    rng = np.random.default_rng(4)
    low = rng.uniform(1e-6, 1e6, 3000)
    high = low * rng.uniform(1, 2, 3000)
    time = np.datetime64("2020-01-01T00:00") + np.arange(3000)
    table = {"time": time.astype("datetime64[us]"), "open": low, "high": high, "low": low, "close": high}
    write(path, table, row_group_size=700)
    rows = rows_of(path)
    assert [row[1] for row in rows] == low.tolist()
    assert [row[2] for row in rows] == high.tolist()


def test_a_frame_of_pandas_with_its_times_in_the_index_is_read(path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(BARS, index=pd.DatetimeIndex(MINUTES, tz="UTC"))
    frame.to_parquet(path)
    assert rows_of(path)[0] == (nanoseconds("2024-01-02T15:30"), 10, 12, 9, 11, 500)


def test_text_with_commas_quotes_and_line_ends_does_not_break_rows(path):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS | {'a,"b"\n': ['x,"y"\nz\0', "\r"]})
    assert len(rows_of(path)) == 2


def test_nested_and_binary_columns_are_left_out(path):
    more = {"nested": [[1], [2]], "raw": pa.array([b"\0\n", b","], pa.binary())}
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS | more)
    assert len(rows_of(path)) == 2


@pytest.mark.parametrize(
    ("column", "values", "value", "words"),
    [
        ("close", [11.0, None], "", "the cell is empty"),
        ("close", [11.0, float("nan")], "nan", "not a finite number"),
        ("high", [12.0, float("inf")], "inf", "not a finite number"),
        ("low", [9.0, -1.0], "-1", "not above 0"),
        ("high", [12.0, 5.0], "5", "below the low"),
        ("time", [MINUTES[0], None], "", "is empty"),
        ("time", [MINUTES[0], MINUTES[0]], None, "repeats the time of line 2"),
    ],
)
def test_problems_are_located_by_row(path, column, values, value, words):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS | {column: values})
    with pytest.raises(FileInvalid) as caught:
        rows_of(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (3, column)  # line 1 holds the names
    assert value in (None, problem.value)
    assert words in problem.reason


def test_the_head_is_the_beginning_of_what_is_read(path):
    count = 20_000
    columns = {name: np.full(count, values[0]) for name, values in BARS.items()}
    time = np.datetime64("2020-01-01T00:00") + np.arange(count)
    write(path, {"time": time.astype("datetime64[us]")} | columns)
    with open_lines(path, caps=Caps()) as stream:
        whole = stream.read()
        assert stream.fraction == 1.0
    head = open_head(path)
    assert (len(head), whole.startswith(head)) == (HEAD_BYTES, True)
    assert not preview(head, detect(head).layout, Reading(), limit=9_999).problems


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        ({"max_rows": 1}, "at most 1 rows"),
        ({"max_packed_bytes": 10}, "Split"),
        ({"max_unpacked_bytes": 10}, "Split"),
    ],
)
def test_a_file_over_a_cap_is_refused_before_it_is_read(path, caps, words):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS)
    with pytest.raises(FileTooLarge, match=words):
        open_lines(path, caps=Caps(**caps))


def test_damaged_files_are_refused_in_words(path):
    write(
        path,
        {"time": pa.array(MINUTES * 500, pa.timestamp("us"))}
        | {name: one * 500 for name, one in BARS.items()},
    )
    sound, rng = path.read_bytes(), random.Random(8)
    for at in range(40):
        damaged = bytearray(sound[: rng.randrange(8, len(sound))] if at % 2 else sound)
        for _change in range(at % 5):
            damaged[rng.randrange(4, len(damaged))] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            with open_lines(path, caps=Caps()) as stream:
                stream.read()
        except (FileInvalid, FileTooLarge) as error:
            assert error.detail  # noqa: PT017
    path.write_bytes(sound[:-30])
    for read in (open_head, lambda where: open_lines(where, caps=Caps())):
        with pytest.raises(FileInvalid, match="the Parquet file cannot be read"):
            read(path)


def test_a_reader_that_dies_is_a_refusal(path, monkeypatch):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS)
    killed = subprocess.CompletedProcess([], -11, b"", b"")
    monkeypatch.setattr(parquet.subprocess, "run", lambda *_given, **_options: killed)
    with pytest.raises(FileInvalid, match="damaged, or takes too much memory"):
        open_head(path)


def test_without_the_package_the_answer_says_how_to_install_it(path, monkeypatch):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="pip install"):
        open_lines(path, caps=Caps())


def test_looking_at_a_file_loads_no_package_into_this_process(path):
    write(path, {"time": pa.array(MINUTES, pa.timestamp("us"))} | BARS)
    code = (
        "import sys; from pathlib import Path; from marketdata.reading.recognition.detect import detect\n"
        "from marketdata.reading.lines import open_head\n"
        f"assert not detect(open_head(Path({str(path)!r}))).problems\n"
        "heavy = {'pyarrow', 'pandas', 'numba', 'django'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
