"""Whatever bytes come in: bars, or a refusal in words. And what is written in any usual way is read back."""

import datetime as dt
import gzip
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algotrade.errors import LabError
from marketdata.reading.caps import Caps
from marketdata.reading.layout import (
    DELIMITERS,
    ENCODINGS,
    ROLES,
    THOUSANDS,
    TIME_FORMATS,
    Layout,
    Reading,
)
from marketdata.reading.lines import open_head, open_lines, text_of
from marketdata.reading.preview import preview
from marketdata.reading.recognition.detect import detect
from marketdata.reading.recognition.detection import NOTHING_SAID, Overrides
from marketdata.reading.recognition.tests.vendors import SAMPLES
from marketdata.reading.rows import Row, RowReader

PIECES = [
    *(
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b'"',
        b",",
        b";",
        b"\t",
        b"|",
        b" ",
        b".",
        b"-",
        b"/",
        b":",
        b"<DATE>",
        b"open,high",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\x1f\x8b\x08",
        b"PK\x03\x04",
        b"{",
        b"[",
        b"<html>",
        b"\x81",
        b"\xe9",
    ),
    *(
        b"nan",
        b"inf",
        b"1e999",
        b"-1",
        b"0",
        b"9" * 400,
        b"9" * 70_000,
        b"2020-01-02",
        b"13/13/2020",
        b"0001-01-01",
    ),
    *(
        b"date,open,high,low,close,volume\n",
        b"1.234.567,89",
        b"20200102 0",
        "٣٤".encode(),
        "a\u2028b".encode(),
    ),
]
ANY_LAYOUT = st.builds(
    Layout,
    dialect=st.just("generic"),
    encoding=st.sampled_from(tuple(ENCODINGS)),
    delimiter=st.sampled_from(sorted(DELIMITERS)),
    decimal=st.sampled_from([".", ","]),
    has_header=st.booleans(),
    skipped_lines=st.integers(0, 5),
    names=st.lists(st.text(max_size=8), max_size=8).map(tuple),
    roles=st.lists(st.sampled_from(ROLES), max_size=8).map(tuple),
    time_format=st.sampled_from(TIME_FORMATS),
    thousands=st.sampled_from(THOUSANDS),
)
ANY_OVERRIDES = st.builds(
    Overrides,
    encoding=st.none() | st.sampled_from(tuple(ENCODINGS)),
    delimiter=st.none() | st.sampled_from(tuple(DELIMITERS)),
    has_header=st.none() | st.booleans(),
    skipped_lines=st.none() | st.integers(0, 8),
    decimal=st.none() | st.sampled_from([".", ","]),
    thousands=st.none() | st.sampled_from(THOUSANDS),
    time_format=st.none() | st.sampled_from(TIME_FORMATS),
    roles=st.lists(st.sampled_from(ROLES), max_size=8).map(tuple),
)
RELAXED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def damaged(raw, rng):
    """The bytes with a few changes."""
    changed = bytearray(raw)
    for _change in range(rng.randint(1, 5)):
        place = rng.randrange(len(changed) + 1)
        if rng.random() < 0.3:
            del changed[place : place + rng.randint(1, 30)]
        else:
            changed[place:place] = rng.choice(PIECES)
    return bytes(changed)


def look(raw, file_name="", overrides=NOTHING_SAID):
    """Detect and preview; anything but an answer in words escapes."""
    found = detect(raw, file_name=file_name, overrides=overrides)
    for problem in found.problems:
        assert problem.reason
        assert problem.line >= 0
    for options in ({}, {"session_dates": True, "policy": "repair", "repairs": ("sort",)}, {"adjust": True}):
        shown = preview(raw, found.layout, Reading(timezone="America/New_York", **options), limit=5)
        assert shown.rows or shown.problems
    return found


@RELAXED
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=30)), max_size=25), st.text(max_size=30)
)
def test_no_bytes_and_no_name_break_the_recognition(pieces, file_name):
    look(b"".join(pieces), file_name)


@RELAXED
@given(st.lists(st.sampled_from(PIECES), max_size=25), ANY_OVERRIDES)
def test_nothing_that_is_said_of_any_bytes_breaks_the_recognition(pieces, overrides):
    look(b"".join(pieces), overrides=overrides)


@RELAXED
@given(st.sampled_from(SAMPLES), st.sampled_from(("utf-8", "utf-16", "cp1252")), ANY_OVERRIDES)
def test_nothing_that_is_said_of_a_file_of_any_source_breaks_the_recognition(sample, encoding, overrides):
    look(sample.text.encode(encoding), sample.file_name, overrides)


def test_damaged_files_of_every_source_give_rows_or_words():
    rng = random.Random(5)
    for sample in SAMPLES:
        for encoding in ("utf-8", "utf-16", "cp1252"):
            for _round in range(12):
                look(damaged(sample.text.encode(encoding), rng), sample.file_name)


@RELAXED
@given(st.binary(max_size=200), ANY_LAYOUT, st.booleans())
def test_no_layout_breaks_the_preview(raw, layout, adjust):
    shown = preview(raw, layout, Reading(adjust=adjust))
    assert shown.rows or shown.problems


@RELAXED
@given(st.text(max_size=80), st.sampled_from(TIME_FORMATS), st.sampled_from(THOUSANDS))
def test_no_row_breaks_the_exact_reader(text, time_format, thousands):
    decimal = "," if thousands == "." else "."
    roles = ("time", "open", "high", "low", "close")
    layout = Layout("generic", "utf-8", ";", decimal, False, 0, roles, roles, time_format, thousands)
    reader = RowReader(layout, Reading(timezone="Europe/Berlin"), 2**62)
    found = reader.read(";".join([text, "1", "2", text, "1"]), 3)
    assert isinstance(found, Row) or all(problem.line == 3 and problem.reason for problem in found)
    later = reader.read(f"{text};1;2;1;1", 4, 0)
    assert isinstance(later, Row) or later


def test_damaged_packed_files_end_in_words(tmp_path):
    rng = random.Random(6)
    path = tmp_path / "file.gz"
    sound = gzip.compress(SAMPLES[0].text.encode() * 50)
    for _round in range(300):
        path.write_bytes(damaged(sound, rng))
        for read in (open_head, drained):
            try:
                assert isinstance(read(path), bytes)
            except LabError as error:
                assert error.detail  # noqa: PT017


def drained(path):
    with open_lines(path, caps=Caps(max_unpacked_bytes=1_000_000)) as stream:
        lines = stream.readlines()
    for line in lines:
        try:
            text_of(line)
        except ValueError as error:
            assert str(error)  # noqa: PT017
    return b"".join(lines)


def test_an_open_quote_takes_one_row_and_not_the_rest_of_the_file():
    rows = [f"2024-01-{day:02},10,12,9,11,500" for day in range(2, 12)]
    rows[3] = '2024-01-05,"10,12,9,11,500'
    raw = "\n".join(["date,open,high,low,close,volume", *rows]).encode()
    shown = preview(raw, detect(raw).layout, Reading(session_dates=True))
    assert [row.line for row in shown.rows if row.problem] == [5]
    assert len(shown.rows) == 10


# --- written in any usual way and read back


@st.composite
def tables(draw):
    """Bars, and how they are written."""
    decimal = draw(st.sampled_from([".", ","]))
    delimiter = draw(st.sampled_from([sign for sign in (";", "\t", "|", ",") if sign != decimal]))
    count = draw(st.integers(14, 30))
    step = draw(st.sampled_from([60, 300, 900, 3600, 86400]))
    start = draw(st.integers(1_000_000_000, 1_650_000_000)) // step * step
    price = st.decimals("0.5", "99999", places=2)
    bars = []
    for at in range(count):
        low, middle, other, high = sorted(draw(st.lists(price, min_size=4, max_size=4)))
        opening, closing = draw(st.permutations([middle, other]))
        bars.append((start + at * step, opening, high, low, closing, draw(st.integers(0, 10**9))))
    return {
        "bars": bars,
        "step": step,
        "decimal": decimal,
        "delimiter": delimiter,
        "order": draw(st.permutations(range(6))),
        "header": draw(st.booleans()),
        "newest_first": draw(st.booleans()),
        "writing": draw(
            st.sampled_from(["iso", "iso_t", "ymd", "dmy", "mdy", "compact", "unix", "unix_ms", "split"])
        ),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        "case": draw(st.sampled_from([str.lower, str.upper, str.title])),
        "thousands": draw(st.sampled_from(["", " ", "."])) if decimal == "," else "",
    }


def written(table):
    """The text of a table of `tables`."""
    names = ["time", "open", "high", "low", "close", "volume"]
    order = table["order"] if table["header"] else range(6)
    lines = []
    for bar in table["bars"]:
        cells = [time_text(bar[0], table), *(number_text(value, table) for value in bar[1:])]
        lines.append(table["delimiter"].join(cells[at] for at in order))
    lines = lines[::-1] if table["newest_first"] else lines
    if table["header"]:
        names[0] = "date" + table["delimiter"] + "time" if table["writing"] == "split" else "datetime"
        lines.insert(0, table["delimiter"].join(table["case"](names[at]) for at in order))
    return "\n".join(lines).encode(table["encoding"])


def time_text(seconds, table):
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    formats = {
        "iso": "%Y-%m-%d %H:%M:%S",
        "iso_t": "%Y-%m-%dT%H:%M:%S+00:00",
        "ymd": "%Y/%m/%d %H:%M",
        "dmy": "%d.%m.%Y %H:%M",
        "mdy": "%m/%d/%Y %I:%M %p",
        "compact": "%Y%m%d %H%M%S",
        "split": f"%d/%m/%Y{table['delimiter']}%H:%M",
    }
    if table["writing"].startswith("unix"):
        return str(seconds * (1000 if table["writing"] == "unix_ms" else 1))
    return moment.strftime(formats[table["writing"]])


def number_text(value, table):
    text = f"{value:,}".replace(",", "_").replace(".", table["decimal"])
    return text.replace("_", table["thousands"])


@RELAXED
@given(tables())
def test_what_is_written_in_any_usual_way_is_read_back(table):
    raw = written(table)
    found = detect(raw)
    assert found.problems == ()
    bars = table["bars"][::-1] if table["newest_first"] else table["bars"]
    days_first = table["writing"] in ("dmy", "mdy", "split")
    if days_first and found.layout.time_format != {"split": "dmy"}.get(table["writing"], table["writing"]):
        # Bars of one day below the 13th: the file does not show the order, and the notes say what was assumed.
        assert any("ambiguous" in note or "could be read" in note for note in found.notes)
        return
    assert found.newest_first == table["newest_first"]
    repairs = {"policy": "repair", "repairs": ("sort",)}
    shown = preview(raw, found.layout, Reading(**repairs), limit=100)
    assert shown.problems == ()
    read = [(row.time, row.open, row.high, row.low, row.close, row.volume) for row in shown.rows]
    assert read == [
        (
            f"{dt.datetime.fromtimestamp(bar[0], dt.UTC):%Y-%m-%dT%H:%M:%S}Z",
            *(float(value) for value in bar[1:]),
        )
        for bar in bars
    ]
