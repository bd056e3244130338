"""Files of every source are recognised, whatever they are called and however they are written."""

import gzip
import time
from dataclasses import replace

import pytest

from marketdata.reading.layout import Reading
from marketdata.reading.lines import HEAD_BYTES, open_head
from marketdata.reading.preview import preview
from marketdata.reading.recognition.detect import detect
from marketdata.reading.recognition.tests.vendors import SAMPLES
from marketdata.samples import SAMPLES as SHIPPED
from marketdata.samples import SAMPLES_DIR
from marketdata.timeframes import GENERIC

HEADER = "date,open,high,low,close,volume"
BAR = "10,12,9,11,500"


def reading_of(found, **options):
    repairs = {"policy": "repair", "repairs": ("sort",)} if found.newest_first else {}
    settings = {"timezone": found.timezone or "UTC", "session_dates": found.session_dates, **repairs}
    return Reading(**(settings | options))


def first_row_of(raw, found):
    row = preview(raw, found.layout, reading_of(found)).rows[0]
    assert row.problem is None, row.problem
    return (row.time, row.open, row.high, row.low, row.close, row.volume)


def detected(text, file_name=""):
    found = detect(text.encode(), file_name=file_name)
    assert found.problems == (), [str(problem) for problem in found.problems]
    return found


def refused(text):
    raw = text if isinstance(text, bytes) else text.encode()
    (problem, *_more) = detect(raw).problems
    return problem


def times(*days):
    return "\n".join([HEADER, *(f"{day},{BAR}" for day in days)])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
def test_each_source_is_recognised_and_its_first_bar_is_read(sample):
    found = detected(sample.text, sample.file_name)
    assert found.layout.dialect == sample.dialect
    assert (found.symbol, found.timeframe, found.calendar) == (
        sample.symbol,
        sample.timeframe,
        sample.calendar,
    )
    assert (found.timezone, found.newest_first) == (sample.timezone, sample.newest_first)
    assert found.session_dates == (sample.timeframe == "1d")
    assert ("adj_close" in found.layout.roles) == sample.has_adj_close
    assert first_row_of(sample.text.encode(), found) == sample.first


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_each_source_is_recognised_in_each_encoding(sample, encoding):
    raw = sample.text.encode(encoding)
    found = detect(raw, file_name=sample.file_name)
    assert first_row_of(raw, found) == sample.first
    assert found.layout == replace(
        detected(sample.text, sample.file_name).layout, encoding=found.layout.encoding
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file_name)
def test_each_source_is_recognised_with_the_line_ends_of_old_macs(sample):
    raw = sample.text.replace("\r\n", "\n").replace("\n", "\r").encode()
    assert first_row_of(raw, detect(raw, file_name=sample.file_name)) == sample.first


def test_the_shipped_samples_are_recognised(tmp_path):
    for sample in SHIPPED:
        path = tmp_path / f"{sample.file}.gz"
        path.write_bytes(gzip.compress((SAMPLES_DIR / sample.file).read_bytes()))
        found = detect(open_head(path), file_name=path.name)
        assert found.problems == ()
        assert (found.symbol, found.timeframe) == (sample.symbol, sample.timeframe), sample
        shown = {"XNAS": "XNYS", "XNYS": "XNYS" if sample.timeframe == "1d" else GENERIC}
        assert found.calendar == shown.get(sample.calendar, sample.calendar)
        assert not preview(open_head(path), found.layout, reading_of(found), limit=5000).problems


def test_the_order_of_day_and_month_is_decided_far_down():
    days = [f"0{1 + at // 250}/{1 + at % 12:02}/20{10 + at // 25:02}" for at in range(400)]
    found = detected(times(*days, "01/13/2031"))
    assert found.layout.time_format == "mdy"
    assert "month, day, year" in " ".join(found.notes)
    assert detected(times(*days, "13/01/2031")).layout.time_format == "dmy"


def test_days_that_follow_each_other_decide_the_order_of_day_and_month():
    assert detected(times("02/01/2020", "03/01/2020", "06/01/2020")).layout.time_format == "dmy"
    assert detected(times("01/02/2020", "01/03/2020", "01/06/2020")).layout.time_format == "mdy"


@pytest.mark.parametrize(("sign", "expected"), [("/", "mdy"), (".", "dmy"), ("-", "dmy")])
def test_an_order_that_stays_ambiguous_is_assumed_and_said(sign, expected):
    day = sign.join(("03", "04", "2020"))
    found = detected(times(f"{day} 09:30", f"{day} 09:31"))
    assert found.layout.time_format == expected
    assert "ambiguous" in " ".join(found.notes)


def test_a_decimal_comma_speaks_for_the_day_first():
    text = (
        "time;open;high;low;close\n03/04/2020 09:30;10,5;12,5;9,5;11,5\n03/04/2020 09:31;10,5;12,5;9,5;11,5\n"
    )
    assert detected(text).layout.time_format == "dmy"


def test_prose_blank_lines_and_columns_without_names_are_no_obstacle():
    found = detected("Quotes of ABC\nsource: nobody\n\n,open,high,low,close\n2024-01-02,10,12,9,11\n")
    assert (found.layout.skipped_lines, found.layout.has_header) == (3, True)
    assert found.layout.roles == ("time", "open", "high", "low", "close")


def test_a_bad_first_row_is_still_a_row():
    found = detected(f"{HEADER}\n2024-01-02,x,12,9,11,500\n2024-01-03,{BAR}\n")
    assert (found.layout.skipped_lines, found.layout.has_header) == (0, True)
    rows = preview(
        f"{HEADER}\n2024-01-02,x,12,9,11,500\n2024-01-03,{BAR}\n".encode(), found.layout, Reading()
    ).rows
    assert [row.problem.column if row.problem else None for row in rows] == ["open", None]


def test_a_delimiter_at_the_end_of_every_row_is_no_column():
    found = detected("date,open,high,low,close\n2024-01-02,10,12,9,11,\n2024-01-03,10,12,9,11,\n")
    assert found.layout.names == ("date", "open", "high", "low", "close")


def test_numbers_with_a_comma_and_three_digits_are_said_to_be_ambiguous():
    found = detected("date;open;high;low;close\n2024-01-02;1,234;1,250;1,200;1,240\n")
    assert (found.layout.decimal, found.layout.thousands) == (",", "")
    assert "decimal comma" in " ".join(found.notes)
    quoted = detected('date,open,high,low,close\n2024-01-02,"1,234","1,250","1,200","1,240"\n')
    assert (quoted.layout.decimal, quoted.layout.thousands) == (".", ",")


@pytest.mark.parametrize(("unit", "scale"), [("unix_s", 1), ("unix_ms", 1000)])
def test_unix_times_before_1973_are_no_compact_dates(unit, scale):
    days = [f"{(day * 86_400 - 200_000_000 // 86_400 * 86_400) * scale}" for day in range(0, 4000, 20)]
    found = detected(times(*days))
    assert (found.layout.time_format, found.session_dates) == (unit, True)
    assert first_row_of(times(*days).encode(), found)[0] == "1963-09-01"


def test_a_file_whose_every_row_is_bad_is_shown_with_its_problems():
    text = f"{HEADER}\n2024-01-02,null,null,null,null,null\n2024-01-03,null,null,null,null,null\n"
    shown = preview(text.encode(), detected(text).layout, Reading())
    assert [row.problem.column for row in shown.rows] == ["open", "open"]


def test_rows_out_of_order_are_noted():
    found = detected(times("2024-01-02", "2024-01-05", "2024-01-03", "2024-01-08"))
    assert not found.newest_first
    assert 'repair "sort"' in " ".join(found.notes)


def minutes(*hours):
    return [f"{hour}:{minute:02}" for hour in hours for minute in range(0, 60, 5)]


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (minutes("2024-11-03 00", "2024-11-03 01", "2024-11-03 01", "2024-11-03 02"), "The clock goes back"),
        (["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"], "The clock goes back"),
        (minutes("2024-11-03 00", "2024-11-03 02", "2024-11-03 01", "2024-11-03 03"), 'repair "sort"'),
        (minutes("2024-11-04 00", "2024-11-04 01", "2024-11-04 01", "2024-11-04 02"), 'repair "sort"'),
        (["2024-11-03 01:00", "2024-11-03 01:05", "2024-11-03 01:05", "2024-11-03 01:10"], 'repair "sort"'),
        ([*minutes("2024-11-03T00", "2024-11-03T01", "2024-11-03T01")[:-1], "2024-11-03T02:00Z"], 'repair "sort"'),
    ],
    ids=["new-york", "hours-in-berlin", "two-hours", "monday", "twice", "with-an-offset"],
)  # fmt: skip
def test_an_hour_that_stands_twice_at_the_end_of_daylight_saving_is_no_disorder(clock, words):
    said = " ".join(detected(times(*clock)).notes)
    assert words in said
    assert ("The clock goes back" in said) != ('repair "sort"' in said)


def test_an_empty_volume_is_left_out():
    found = detected("date,open,high,low,close,volume\n2024-01-02,10,12,9,11,\n2024-01-03,10,12,9,11,\n")
    assert "volume" not in found.layout.roles
    assert "volume is empty" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("days", "timeframe", "words"),
    [
        (("2024-01-01", "2024-01-08", "2024-01-15"), "1w", ""),
        (("2024-01-31", "2024-02-29", "2024-03-31"), None, "which is none of"),
        (
            ("2024-01-02 09:30", "2024-01-02 10:00", "2024-01-02 10:30"),
            None,
            "30 minutes apart, which is none of",
        ),
        (("2024-01-02 09:30", "2024-01-02 09:32", "2024-01-02 09:35", "2024-01-02 09:37"), "1m", "fit 1m"),
        (("2024-01-02 09:30",), None, "One bar alone"),
        (("2024-01-02 09:30:00", "2024-01-02 09:30:10", "2024-01-02 09:30:20"), None, "10 seconds"),
    ],
)
def test_the_timeframe_is_told_by_the_steps(days, timeframe, words):
    found = detected(times(*days))
    assert found.timeframe == timeframe
    assert words in " ".join(found.notes)


def test_a_name_that_contradicts_the_steps_is_noted():
    found = detected(times("2024-01-02 09:30", "2024-01-02 09:35"), "SPY_1m.csv")
    assert found.timeframe == "5m"
    assert "A name speaks of 1m" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the file is empty"),
        ("\n \n", 1, "the file is empty"),
        (f"{HEADER}\n", 1, "a header and no rows"),
        ("hello\nworld\n", 1, "does not begin a table of bars"),
        ("a,b,c\n1,2,3\n", 1, "does not begin a table of bars"),
        ("date,open,high,close\n2024-01-02,10,12,11\n", 1, "no column low"),
        ("title\ndate,open,high,close,volume\n2024-01-02,10,12,11,5\n", 2, "no column low"),
        ("open,high,low,close\n10,12,9,11\n", 1, "no time column"),
        (f"date,timestamp,{HEADER[5:]}\n2024-01-02,2024-01-02,{BAR}\n", 1, "several columns hold the time"),
        (f"date,Open,{HEADER[5:]}\n2024-01-02,10,{BAR}\n", 1, "both mean open"),
        (
            "2024-01-02,10,9,8,9.5\n2024-01-03,9,10,8,9.5\n2024-01-04,10,9,12,9.5\n",
            1,
            "no open, high, low and close",
        ),
        (
            f"sym,{HEADER}\nA,2024-01-02,{BAR}\n".replace("sym", "symbol") + f"B,2024-01-03,{BAR}\n",
            3,
            "another symbol",
        ),
        (",".join([HEADER, *(f"x{at}" for at in range(70))]) + "\n", 1, "over the cap of 64"),
        ("9" * 70_000, 1, "longer than"),
        (b"PK\x03\x04" + bytes(200), 0, "Excel workbook"),
        (b"\x1f\x8b" + bytes(200), 0, "packed twice"),
        (b"PAR1" + bytes(200), 0, "Parquet"),
        (b"\xff\xfe\0\0" + "date".encode("utf-32-le"), 0, "UTF-32"),
        (b'{"Note": "5 calls a minute"}', 0, "JSON"),
        (b"\n<!DOCTYPE html>", 0, "web page"),
        (bytes(range(256)) * 20, 0, "not a text file"),
        (bytes(4000), 0, "not a text file"),
    ],
)
def test_a_file_that_is_no_table_of_bars_says_where_and_why(text, line, words):
    problem = refused(text)
    assert words in problem.reason
    assert problem.line == line


def test_a_head_that_ends_within_a_row_is_no_problem():
    rows = [f"{1_700_000_000 + 60 * at},10.25,12.5,9.75,11,500" for at in range(9000)]
    head = ("\n".join(["time,open,high,low,close,volume", *rows])).encode()[:HEAD_BYTES]
    assert head[-1:] != b"\n"
    found = detect(head)
    assert (found.problems, found.timeframe) == ((), "1m")
    assert preview(head, found.layout, Reading(), limit=100_000).problems == ()


def test_detecting_takes_a_moment_that_a_page_can_wait_for():
    rows = [f"{1_700_000_000 + 60 * at},10.25,12.5,9.75,11,500" for at in range(9000)]
    head = ("\n".join(["time,open,high,low,close,volume", *rows])).encode()[:HEAD_BYTES]
    before = time.process_time()
    detect(head)
    assert time.process_time() - before < 1.0


def test_blanks_in_times_and_numbers_do_not_part_the_columns_of_a_table_with_tabs():
    rows = (f"2024-01-02 10:{minute:02}:00\t0,50\t1 000,51\t0,50\t0,50\t1 000" for minute in range(20))
    found = detect("\n".join(rows).encode())
    assert found.problems == ()
    assert (found.layout.delimiter, found.layout.thousands, found.timeframe) == ("\t", " ", "1m")
