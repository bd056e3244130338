"""A file of bars becomes columns: in pieces, by a policy, or not at all."""

import datetime as dt
import gzip
import io

import numpy as np
import pytest

from marketdata.errors import FileInvalid, FileTooLarge
from marketdata.reading.caps import Caps
from marketdata.reading.layout import Reading
from marketdata.reading.streaming import reader
from marketdata.reading.streaming.reader import read_file
from marketdata.reading.streaming.tests.slowly import LATEST, NAMES, bits, layout_of, read_slowly

HEADER = ",".join(NAMES)
NEW_YORK = Reading("America/New_York")


def bar(time, close=11.0, volume=500):
    return f"{time},10,12,9,{close:g},{volume}"


def days(*numbers):
    return [bar(f"2024-01-{day:02d}", close=10 + day / 100) for day in numbers]


@pytest.fixture
def read(tmp_path):
    """Read lines below the usual header; the columns are closed when the test ends."""
    opened = []

    def reads(lines, *, reading=None, layout=None, raw=None, **options):
        path = tmp_path / "bars.csv"
        path.write_bytes(raw if raw is not None else "\n".join([HEADER, *lines]).encode())
        options = {"latest": LATEST, "folder": tmp_path, **options}
        content = read_file(path, layout=layout or layout_of(), reading=reading or Reading(), **options)
        opened.append(content.columns)
        return content

    yield reads
    for columns in opened:
        columns.close()


def dates(content):
    return [
        str(day)[8:] for day in content.columns.read("time").view("datetime64[ns]").astype("datetime64[D]")
    ]


def problems(read, lines, **options):
    with pytest.raises(FileInvalid) as caught:
        read(lines, **options)
    return caught.value.problems


def repair(*names):
    return Reading(policy="repair", repairs=names)


def left_behind(tmp_path):
    return list(tmp_path.glob("columns-*"))


class Cut(io.BytesIO):
    """A file whose first piece ends after `place` bytes."""

    fraction = 0.5

    def __init__(self, raw, place):
        super().__init__(raw)
        self.place = place

    def readinto(self, buffer):
        return super().readinto(buffer[: self.place - self.tell()] if self.tell() < self.place else buffer)


OVERLAP = ["2023-11-05 00:30", "2023-11-05 01:30", "2023-11-05 01:45", "2023-11-05 01:30", "2023-11-05 02:30"]
GAP = ["2023-03-12 01:30", "2023-03-12 02:30", "2023-03-12 03:30"]


@pytest.mark.parametrize(
    "lines",
    [
        days(1, 2, 3),
        days(1, 3, 2, 3, 4),
        [*days(1), "", "  ", bar("2024-01-02", close=13), "x", *days(3)],
        [bar(time) for time in OVERLAP],
        [bar(time) for time in GAP],
        ['"2024-01-02",10,12,9,"11",500', bar("2024-01-03", close=11.123456789012345)],
    ],
    ids=["plain", "unsorted", "bad rows", "clocks back", "clocks forward", "quoted"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_where_a_piece_ends_changes_nothing(tmp_path, monkeypatch, lines, end):
    raw = end.join([HEADER, *lines]).encode()
    path = tmp_path / "bars.csv"
    path.write_bytes(raw)
    reading = Reading("America/New_York", policy="drop")
    slow = read_slowly(raw, layout_of(), reading)
    for place in range(len(HEADER) + 2, len(raw) + 1):
        monkeypatch.setattr(reader, "open_lines", lambda *_, place=place, **__: Cut(raw, place))
        content = read_file(path, layout=layout_of(), reading=reading, latest=LATEST, folder=tmp_path)
        with content.columns as columns:
            assert columns.read("time").tolist() == [row.time for row in slow.rows], place
            assert bits(columns.read("close")) == bits([row.close for row in slow.rows])
            assert content.report.problems == slow.problems


def test_the_hour_that_clocks_repeat_is_told_apart_and_the_one_they_skip_refused(read):
    content = read([bar(time) for time in OVERLAP], reading=NEW_YORK)
    times = np.datetime_as_string(content.columns.read("time").view("datetime64[ns]"), unit="m")
    assert [time[11:] for time in times] == ["04:30", "05:30", "05:45", "06:30", "07:30"]
    found = problems(read, [bar(time) for time in GAP], reading=NEW_YORK)
    assert [problem.line for problem in found] == [3]
    assert "does not exist in America/New_York" in found[0].reason


def test_a_file_that_runs_newest_first_through_a_repeated_hour_is_sorted_right(read):
    newest_first = [bar(time, close=10 + place / 100) for place, time in enumerate(OVERLAP)][::-1]
    content = read(newest_first, reading=Reading("America/New_York", policy="repair", repairs=("sort",)))
    times = np.datetime_as_string(content.columns.read("time").view("datetime64[ns]"), unit="m")
    assert [time[11:] for time in times] == ["04:30", "05:30", "05:45", "06:30", "07:30"]
    assert content.columns.read("close").tolist() == [10.0, 10.01, 10.02, 10.03, 10.04]


def test_reject_lists_every_problem_and_leaves_no_file(read, tmp_path):
    found = problems(read, [*days(1), "x", *days(3, 2), bar("2024-01-03", close=13), *days(4)])
    assert [problem.line for problem in found] == [3, 5, 6]
    assert left_behind(tmp_path) == []


def test_drop_keeps_the_sound_rows_and_counts_the_others(read):
    content = read([*days(1), "x", *days(3, 2, 4)], reading=Reading(policy="drop"))
    report = content.report
    assert dates(content) == ["01", "03", "04"]
    assert (report.rows_read, report.rows_kept, report.rows_dropped, report.problem_count) == (5, 3, 2, 2)
    assert report.to_dict()["problems"][0]["line"] == 3


def test_drop_refuses_a_file_without_a_sound_row(read):
    assert [problem.line for problem in problems(read, ["x", "y"], reading=Reading(policy="drop"))] == [2, 3]


@pytest.mark.parametrize("policy", ["reject", "drop"])
def test_a_file_that_runs_newest_first_is_said_once(read, policy):
    found = problems(read, days(9, 8, 7, 6, 5), reading=Reading(policy=policy))
    assert len(found) == 1
    assert found[0].line == 3
    assert "newest first" in found[0].reason


def test_a_long_file_that_runs_newest_first_is_said_once(read):
    times = np.datetime_as_string(np.datetime64("2024-01-01T00:00") - np.arange(3_000))
    found = problems(read, [bar(time) for time in times])
    assert len(found) == 1


def test_sorting_moves_whole_rows_and_counts_them(read):
    content = read(days(3, 1, 2, 4), reading=repair("sort"))
    assert dates(content) == ["01", "02", "03", "04"]
    assert content.columns.read("close").tolist() == [10.01, 10.02, 10.03, 10.04]
    assert content.report.repairs == {"sort": 2}
    assert content.columns.names == ("time", "open", "high", "low", "close", "volume")


def test_exact_duplicates_are_merged_and_others_are_located(read):
    content = read(days(2, 1, 2, 1, 2), reading=repair("sort", "drop_exact_duplicates"))
    assert dates(content) == ["01", "02"]
    assert content.report.repairs == {"sort": 2, "drop_exact_duplicates": 3}
    found = problems(
        read,
        [*days(2, 1), bar("2024-01-02", close=11.5)],
        reading=repair("sort", "drop_exact_duplicates"),
    )
    assert [(problem.line, problem.column, problem.value[:10]) for problem in found] == [
        (4, "Date", "2024-01-02")
    ]
    assert "line 2 with another close (11.5, there 10.02)" in found[0].reason


def test_without_sorting_only_neighbours_are_merged(read):
    content = read(days(1, 1, 2, 2), reading=repair("drop_exact_duplicates"))
    assert dates(content) == ["01", "02"]
    assert content.report.repairs == {"drop_exact_duplicates": 2}
    found = problems(read, days(1, 2, 1), reading=repair("drop_exact_duplicates"))
    assert "comes before line 3" in found[0].reason


def test_sorting_alone_refuses_rows_that_repeat(read):
    found = problems(read, days(2, 1, 2), reading=repair("sort"))
    assert "repeats the time of line 2 with the same values" in found[0].reason


def test_repairs_mend_nothing_else(read):
    assert [problem.line for problem in problems(read, [*days(2, 1), "x"], reading=repair("sort"))] == [4]


def test_a_thousand_problems_are_listed_and_the_rest_counted(read):
    lines = [*days(1), *("x" for _ in range(1_500)), *days(2)]
    with pytest.raises(FileInvalid) as caught:
        read(lines)
    assert len(caught.value.problems) == 1_000
    assert "The first 1000 problems" in str(caught.value)
    content = read(lines, reading=Reading(policy="drop"))
    assert (content.report.problem_count, len(content.report.problems)) == (1_500, 1_000)
    assert dates(content) == ["01", "02"]


def test_order_is_kept_over_many_pieces(read, monkeypatch):
    monkeypatch.setattr(reader, "PIECE_BYTES", 2_000)
    times = np.datetime_as_string(np.datetime64("2024-01-01T00:00") + np.arange(1_000))
    lines = [bar(time) for time in times]
    assert len(read(lines).columns) == 1_000
    lines[500], lines[501] = lines[501], lines[500]
    assert [(problem.line, problem.reason[:22]) for problem in problems(read, lines)] == [
        (503, "comes before line 502.")
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (f"{HEADER}\n".encode(), "no rows"),
        (HEADER.encode(), "no rows"),
        (f"{HEADER}\n\n  \n".encode(), "no rows"),
        (f"{HEADER}\n{bar('2024-01-02')}\n2024-01-03,\0,1,1,1,1\n".encode(), "NUL"),
        (f"{HEADER}\n{bar('2024-01-02')}\n2024-01-03,\xff,1,1,1,1\n".encode("latin-1"), "UTF-8"),
        (f"{HEADER}\n{'x' * 70_000}\n{bar('2024-01-02')}\n".encode(), "longer than 65536"),
        (f"{HEADER}\n{'x' * 3_000_000}".encode(), "longer than 65536"),
        (f"when,Open,High,Low,Close,Volume\n{bar('2024-01-02')}\n".encode(), "is not the header"),
    ],
)
def test_what_is_no_table_of_bars_gets_a_clear_answer(read, tmp_path, raw, words):
    assert words in problems(read, [], raw=raw)[-1].reason
    assert left_behind(tmp_path) == []


def test_packed_files_and_files_without_a_header_are_read_alike(read):
    raw = "\n".join(days(1, 2, 3)).encode()
    content = read([], raw=gzip.compress(raw), layout=layout_of(has_header=False))
    assert dates(content) == ["01", "02", "03"]


def test_lines_of_prose_are_skipped_and_counted(read):
    raw = "\n".join(["About this", "file", HEADER, *days(1), "x"]).encode()
    found = problems(read, [], raw=raw, layout=layout_of(skipped_lines=2))
    assert [problem.line for problem in found] == [5]


def test_caps_hold(read, tmp_path):
    assert len(read(days(1, 2, 3), caps=Caps(max_rows=3)).columns) == 3
    with pytest.raises(FileTooLarge, match="more than 2 rows"):
        read(days(1, 2, 3), caps=Caps(max_rows=2))
    with pytest.raises(FileTooLarge):
        read(days(1, 2, 3), caps=Caps(max_bytes=10))
    assert len(left_behind(tmp_path)) == 1  # of the first, which is still open


def test_progress_rises_and_what_it_raises_leaves_no_file(read, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "PIECE_BYTES", 2_000)
    times = np.datetime_as_string(np.datetime64("2024-01-01T00:00") + np.arange(1_000))
    lines = [bar(time) for time in times]
    told = []
    read(lines, progress=lambda done, rows: told.append((done, rows))).columns.close()
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1] == ((tmp_path / "bars.csv").stat().st_size, 1_000)

    def cancel(done, rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(lines, progress=cancel)
    assert left_behind(tmp_path) == []


def test_a_bar_in_the_future_is_refused(read):
    found = problems(read, days(1, 2), latest=dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC))
    assert [(problem.line, "future" in problem.reason) for problem in found] == [(3, True)]


ADJUSTED = layout_of(names=(*NAMES, "Adj Close"), roles=(*layout_of().roles, "adj_close"))


def adjusted(*closes):
    lines = [f"2024-01-{day:02d},10,12,9,11,500,{close}" for day, close in enumerate(closes, start=1)]
    return "\n".join([f"{HEADER},Adj Close", *lines]).encode()


def test_adjusting_multiplies_prices_and_divides_the_volume(read):
    content = read([], raw=adjusted("5.5", "11", '"22"'), layout=ADJUSTED, reading=Reading(adjust=True))
    columns = content.columns
    assert columns.read("close").tolist() == [5.5, 11.0, 22.0]
    assert columns.read("low").tolist() == [4.5, 9.0, 18.0]
    assert columns.read("volume").tolist() == [1_000.0, 500.0, 250.0]
    assert "adj_close" not in content.columns.names


def test_without_adjusting_the_column_is_kept_for_comparison(read):
    content = read([], raw=adjusted("5.5", "", "22"), layout=ADJUSTED)
    assert "adj_close" in content.columns.names
    assert np.array_equal(content.columns.read("adj_close"), [5.5, np.nan, 22.0], equal_nan=True)
    assert content.columns.read("close").tolist() == [11.0, 11.0, 11.0]


@pytest.mark.parametrize("close", ["1.7e308", "1e-320", "5e-324"])
def test_an_adjusted_close_that_makes_no_price_is_located(read, close):
    found = problems(read, [], raw=adjusted("11", close), layout=ADJUSTED, reading=Reading(adjust=True))
    assert [(problem.line, problem.column) for problem in found] == [(3, "Adj Close")]
    assert "no price or volume that a number holds" in found[0].reason


def test_repeated_times_are_told_apart_by_their_values(read):
    lines = [*days(1), *days(1), bar("2024-01-01", close=10.01, volume=7)]
    same, other = problems(read, lines)
    assert "line 2 with the same values" in same.reason
    assert "line 2 with another volume (7, there 500)" in other.reason
