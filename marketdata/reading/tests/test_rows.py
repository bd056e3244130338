"""Every problem of a CSV file is located; what is sound is read exactly."""

import datetime as dt
import io
import random

import numpy as np
import pytest

from algotrade.errors import LabError
from marketdata.errors import FileInvalid, FileTooLarge
from marketdata.reading.rows import MAX_PROBLEMS, read_csv
from marketdata.tests.bars import HEADER, csv_text, make_bars, read

ROW = "2024-01-02,10,12,9,11,500"


def problems_of(text, **options):
    with pytest.raises(FileInvalid) as caught:
        read(text, **options)
    return caught.value.problems


def only_problem_of(text, **options):
    found = problems_of(text, **options)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def test_a_plain_daily_file_becomes_bars_at_midnight_utc():
    bars = read(f"{HEADER}\n{ROW}\n2024-01-03,11,13,10,12,600\n").bars
    assert bars.time.tolist() == np.array(["2024-01-02", "2024-01-03"], "datetime64[ns]").tolist()
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (10, 12, 9, 11, 500)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_names_are_read_in_any_case_and_order_with_each_delimiter(delimiter):
    text = "Volume,CLOSE,Note,low,Date,High,Open\n500,11,x,9,2024-01-02,12,10\n".replace(",", delimiter)
    bars = read(text).bars
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (10, 12, 9, 11, 500)


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_no_obstacle():
    text = b"\xef\xbb\xbf" + f"{HEADER}\r\n\r\n{ROW}\r\n\r\n".encode()
    assert len(read(text).bars) == 1


def test_quoted_cells_are_read():
    assert len(read('"date","open","high","low","close","volume"\n"2024-01-02",10,12,9,"11",500\n').bars) == 1


def test_without_a_volume_column_the_volume_is_zero():
    content = read("date,open,high,low,close\n2024-01-02,10,12,9,11\n")
    assert content.bars.volume.tolist() == [0.0]
    assert not content.has_volume


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02 15:30:00", "2024-01-02T15:30:00"),
        ("2024-01-02T15:30:00Z", "2024-01-02T15:30:00"),
        ("2024-01-02 15:30:00+02:00", "2024-01-02T13:30:00"),
        ("2024/01/02 15:30", "2024-01-02T15:30:00"),
        ("1704209400", "2024-01-02T15:30:00"),
        ("1704209400000", "2024-01-02T15:30:00"),
        ("1704209400.5", "2024-01-02T15:30:00.5"),
        ("2024-01-02", "2024-01-02T00:00:00"),
        ("20240102", "2024-01-02T00:00:00"),
    ],
)
def test_each_way_of_writing_an_intraday_time_is_understood(text, expected):
    bars = read(f"time,open,high,low,close\n{text},10,12,9,11\n", session_dates=False).bars
    assert bars.time[0] == np.datetime64(expected, "ns")


def test_local_times_are_converted_by_the_given_zone():
    text = "datetime,open,high,low,close\n2020-12-15 09:30:00,10,12,9,11\n2020-07-15 09:30:00,10,12,9,11\n"
    winter = read(text[: text.index("2020-07")], session_dates=False, timezone="America/New_York").bars
    assert winter.time[0] == np.datetime64("2020-12-15T14:30", "ns")
    summer = read(
        "datetime,open,high,low,close\n2020-07-15 09:30:00,10,12,9,11\n",
        session_dates=False,
        timezone="America/New_York",
    ).bars
    assert summer.time[0] == np.datetime64("2020-07-15T13:30", "ns")


def test_the_hour_that_clocks_repeat_stays_in_order():
    # On 2023-11-05 New York's 01:30 happens twice: 05:30 and 06:30 UTC.
    rows = "".join(f"2023-11-05 {time},10,12,9,11\n" for time in ("00:30", "01:30", "01:30", "02:30"))
    bars = read(
        "datetime,open,high,low,close\n" + rows, session_dates=False, timezone="America/New_York"
    ).bars
    hours = [np.datetime_as_string(time, unit="m")[11:] for time in bars.time]
    assert hours == ["04:30", "05:30", "06:30", "07:30"]


def test_a_local_time_that_does_not_exist_is_refused():
    text = "datetime,open,high,low,close\n2023-03-12 02:30,10,12,9,11\n"
    problem = only_problem_of(text, session_dates=False, timezone="America/New_York")
    assert "does not exist in America/New_York" in problem.reason


def test_a_daily_bar_stamped_at_the_close_belongs_to_its_local_date():
    text = "datetime,open,high,low,close\n2024-01-02 16:00:00-05:00,10,12,9,11\n2024-01-04T00:30:00Z,10,12,9,11\n"
    bars = read(text, timezone="America/New_York").bars
    # 00:30 UTC on the 4th is still the evening of the 3rd in New York.
    assert [str(time)[:10] for time in bars.time] == ["2024-01-02", "2024-01-03"]
    assert all(str(time)[10:19] == "T00:00:00" for time in bars.time)


def test_a_daily_unix_time_at_midnight_utc_keeps_its_date():
    text = "timestamp,open,high,low,close\n1704153600,10,12,9,11\n"
    assert str(read(text, timezone="America/New_York").bars.time[0])[:10] == "2024-01-02"


def test_date_and_time_in_two_columns_are_read_together():
    bars = read("date,time,open,high,low,close\n2024-01-02,15:30,10,12,9,11\n", session_dates=False).bars
    assert bars.time[0] == np.datetime64("2024-01-02T15:30", "ns")


def test_adjusting_multiplies_prices_and_divides_volume_by_the_factor():
    # factor = 5.5 / 11 = 0.5
    bars = read(f"{HEADER},Adj Close\n{ROW},5.5\n", adjust=True).bars
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]) == (5, 6, 4.5, 5.5, 1000)


def test_adjusting_keeps_the_order_of_prices_despite_rounding():
    rng = random.Random(7)
    rows = []
    for day in np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]"):
        low = rng.uniform(1, 200)
        high = low * rng.uniform(1, 1.05)
        rows.append(f"{day},{low!r},{high!r},{low!r},{high!r},1,{high * rng.uniform(0.01, 1)!r}")
    assert len(read(f"{HEADER},adj_close\n" + "\n".join(rows), adjust=True).bars) == 366  # Bars would refuse


def test_adjusting_without_the_column_is_refused():
    assert "adj_close" in only_problem_of(f"{HEADER}\n{ROW}\n", adjust=True).reason


@pytest.mark.parametrize(
    ("row", "column", "value", "words"),
    [
        ("2024-01-03,1O.5,13,10,12,600", "open", "1O.5", "is not a number"),
        ("2024-01-03,11,13,10,,600", "close", "", "the cell is empty"),
        ("2024-01-03,11,nan,10,12,600", "high", "nan", "not a finite number"),
        ("2024-01-03,11,inf,10,12,600", "high", "inf", "not a finite number"),
        ("2024-01-03,11,1_3,10,12,600", "high", "1_3", "is not a number"),
        ("2024-01-03,11,13,-10,12,600", "low", "-10", "is not above 0"),
        ("2024-01-03,0,13,10,12,600", "open", "0", "is not above 0"),
        ("2024-01-03,11,13,10,12,-1", "volume", "-1", "is below 0"),
        ("2024-01-03,11,9,10,12,600", "high", "9", "is below the low"),
        ("2024-01-03,11,11.5,10,12,600", "high", "11.5", "is below open or close"),
        ("2024-01-03,11,13,11.5,12,600", "low", "11.5", "is above open or close"),
        ("2024-01-03,11,13,10,12", "row", "5 cells", "names 6 columns"),
        ("2024-01-02,11,13,10,12,600", "date", "2024-01-02", "repeats the time of line 2"),
        ("2024-01-01,11,13,10,12,600", "date", "2024-01-01", "comes before line 2"),
        ("2999-01-01,11,13,10,12,600", "date", "2999-01-01", "years 1678 to 2261"),
        ("2199-01-01,11,13,10,12,600", "date", "2199-01-01", "lies in the future"),
        ("03.01.2024,11,13,10,12,600", "date", "03.01.2024", "Write it as 2020-01-31"),
        ("2024-02-30,11,13,10,12,600", "date", "2024-02-30", "that exists"),
        (",11,13,10,12,600", "date", "", "is empty"),
        ('2024-01-03,"11,13,10,12,600', "row", '2024-01-03,"11,13,10,12,600', "cannot be cut"),
    ],
)
def test_a_bad_row_is_located_by_line_column_value_and_reason(row, column, value, words):
    problem = only_problem_of(f"{HEADER}\n{ROW}\n{row}\n")
    assert (problem.line, problem.column, problem.value) == (3, column, value)
    assert words in problem.reason


def test_a_file_that_runs_newest_first_is_one_problem_however_long_it_is():
    first = dt.date(2024, 6, 1)
    for count in (3, MAX_PROBLEMS + 50):
        rows = [f"{first - dt.timedelta(days=day)},10,12,9,11,500" for day in range(count)]
        problem = only_problem_of("\n".join([HEADER, *rows]))
        assert (problem.line, problem.column) == (3, "date")
        assert "newest first" in problem.reason


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "the file is empty"),
        ("\n" + HEADER, 1, "the first line is empty"),
        (HEADER + "\n", 1, "a header and no rows"),
        ("2024-01-02,10,12,9,11,500\n", 1, "is a row of numbers"),
        ("date,open,high,close\n2024-01-02,1,1,1\n", 1, "no column low"),
        ("open,high,low,close\n1,1,1,1\n", 1, "no time column"),
        ("date,timestamp,open,high,low,close\n", 1, "several columns hold the time"),
        ("date,open,Open,high,low,close\n", 1, "both mean open"),
        (",".join(["date,open,high,low,close"] + ["x"] * 60), 1, "over the cap of 64"),
        (f"{HEADER}\n2024-01-02,10,12\0,9,11,500\n", 2, "NUL byte"),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), 1, "UTF-16"),
        (f"{HEADER}\n".encode() + b"2024-01-02,10,12,9,11,\xe9\n", 2, "byte 23 is not UTF-8"),
        (f"{HEADER}\r{ROW}\r", 1, "carriage return"),
        (f"{HEADER}\n" + "9" * 70_000, 2, "longer than"),
    ],
)
def test_a_file_that_is_no_table_of_bars_says_so(text, line, words):
    problem = problems_of(text)[-1]
    assert problem.line == line
    assert words in str(problem)


def test_problems_are_collected_up_to_the_cap():
    bad = "\n".join(f"2024-01-02,x{number},12,9,11,500" for number in range(300))
    with pytest.raises(FileInvalid) as caught:
        read(f"{HEADER}\n{bad}\n")
    assert len(caught.value.problems) == MAX_PROBLEMS
    assert caught.value.detail.startswith("The first 100 problems")
    assert [problem.line for problem in caught.value.problems[:3]] == [2, 3, 4]


def test_the_caps_on_bytes_and_rows_hold():
    text = csv_text(make_bars(100))
    with pytest.raises(FileTooLarge, match="more than 50 rows"):
        read(text, max_rows=50)
    with pytest.raises(FileTooLarge, match="larger than"):
        read(text, max_bytes=500)


def test_future_is_judged_by_the_given_moment():
    now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert len(read(f"{HEADER}\n{ROW}\n", now=now).bars) == 1  # one day of tolerance
    problem = only_problem_of(f"{HEADER}\n2024-01-03,10,12,9,11,500\n", now=now)
    assert "future" in problem.reason


def test_progress_may_stop_the_reading():
    class Stop(Exception):
        pass

    def stop(done, rows):
        raise Stop

    with pytest.raises(Stop):
        read(csv_text(make_bars(6_000, "2000-01-01")), progress=stop)


def test_random_damage_gives_bars_or_a_located_error_and_nothing_else():
    rng = random.Random(20)
    sound = csv_text(make_bars(12)).encode()
    alphabet = b'0123456789.,;-eE"\n\r\t\0 \xffnaNif_'
    for _round in range(1500):
        damaged = bytearray(sound)
        for _change in range(rng.randint(1, 6)):
            place = rng.randrange(len(damaged))
            action = rng.random()
            if action < 0.5:
                damaged[place] = rng.choice(alphabet)
            elif action < 0.75:
                del damaged[place : place + rng.randint(1, 20)]
            else:
                damaged[place:place] = bytes(rng.choice(alphabet) for _byte in range(rng.randint(1, 8)))
        outcome = outcome_of(bytes(damaged), session_dates=rng.random() < 0.5)
        assert outcome


def outcome_of(raw, **options):
    """How many bars came out, or the words of the refusal; anything else escapes."""
    try:
        return len(read_csv(io.BytesIO(raw), **options).bars)
    except LabError as error:
        return error.detail
