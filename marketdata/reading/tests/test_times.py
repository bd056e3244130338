"""Each way of writing a time has one meaning, and what has none says why."""

import datetime as dt

import pytest

from marketdata.reading.times import TimeReader, as_text, get_zone

NEW_YORK = "America/New_York"


def utc(text, time_format="auto", *, zone="UTC", session_dates=False, after=None):
    """The text's moment, read by a fresh reader, as ISO text."""
    reader = TimeReader(zone, session_dates=session_dates, time_format=time_format)
    return as_text(reader.read(text, after), session_dates=session_dates)


@pytest.mark.parametrize(
    ("text", "time_format", "expected"),
    [
        ("2020-01-31", "auto", "2020-01-31T00:00:00Z"),
        ("2020/1/31 9:30", "auto", "2020-01-31T09:30:00Z"),
        ("2020.01.31 09:30", "ymd", "2020-01-31T09:30:00Z"),
        ("20200131", "auto", "2020-01-31T00:00:00Z"),
        ("20200131 093000", "auto", "2020-01-31T09:30:00Z"),
        ("20200131 93000", "auto", "2020-01-31T09:30:00Z"),
        ("20200131 0930", "auto", "2020-01-31T09:30:00Z"),
        ("20200131 0", "auto", "2020-01-31T00:00:00Z"),
        ("20200131093000", "auto", "2020-01-31T09:30:00Z"),
        ("202001310930", "ymd", "2020-01-31T09:30:00Z"),
        ("2020-01-31T09:30:00.25Z", "auto", "2020-01-31T09:30:00.250000Z"),
        ("2020-01-31 09:30:00-0500", "auto", "2020-01-31T14:30:00Z"),
        ("2020-01-31 09:30:00 +02", "auto", "2020-01-31T07:30:00Z"),
        ("31/01/2020", "dmy", "2020-01-31T00:00:00Z"),
        ("31.1.20 15:30", "dmy", "2020-01-31T15:30:00Z"),
        ("31.01.1970", "dmy", "1970-01-31T00:00:00Z"),
        ("31-Jan-69", "dmy", "1969-01-31T00:00:00Z"),
        ("31 January 2020", "dmy", "2020-01-31T00:00:00Z"),
        ("31.01.2020 00:30:00.000 GMT+0100", "dmy", "2020-01-30T23:30:00Z"),
        ("01/31/2020 3:30 PM", "mdy", "2020-01-31T15:30:00Z"),
        ("01/31/2020 12:05 a.m.", "mdy", "2020-01-31T00:05:00Z"),
        ("Jan 31, 2020", "mdy", "2020-01-31T00:00:00Z"),
        ("1580463000", "unix_s", "2020-01-31T09:30:00Z"),
        ("-5.25", "unix_s", "1969-12-31T23:59:54.750000Z"),
        ("1580463000.57", "auto", "2020-01-31T09:30:00.570000Z"),
        ("1580463000000", "unix_ms", "2020-01-31T09:30:00Z"),
        ("1580463000000001", "unix_us", "2020-01-31T09:30:00.000001Z"),
        ("1580463000000001999", "unix_ns", "2020-01-31T09:30:00.000001Z"),
        ("5", "unix_s", "1970-01-01T00:00:05Z"),
    ],
)
def test_a_time_is_read_as_its_format_says(text, time_format, expected):
    assert utc(text, time_format) == expected


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("1580463000", "s"), ("1580463000000", "ms"), ("1580463000000000", "us"), ("1580463000000000000", "ns")],
)
def test_the_size_of_a_unix_time_tells_its_unit(digits, expected):
    assert utc(digits) == "2020-01-31T09:30:00Z", expected


@pytest.mark.parametrize(
    ("text", "time_format", "words"),
    [
        ("", "auto", "is empty"),
        ("2020-02-30", "auto", "that exists"),
        ("2020-01-31 24:00", "auto", "that exists"),
        ("2020-01-31 13:30 PM", "auto", "that exists"),
        ("2020-01-31 09:30 +99:00", "auto", "offset from UTC that does not exist"),
        ("01/31/2020", "dmy", "has no month 31 when read as day, month, year"),
        ("31/01/2020", "mdy", "has no month 31 when read as month, day, year"),
        ("2020-01-31", "dmy", "Write it as 31/01/2020"),
        ("31/01/2020", "auto", "Write it as 2020-01-31"),
        ("1.58e9", "unix_s", "power of ten"),
        ("1.58046E+12", "auto", "power of ten"),
        ("43861.39583", "auto", "serial number of a spreadsheet"),
        ("1580463000000", "unix_s", "unit of the Unix times"),
        ("9" * 19, "unix_s", "unit of the Unix times"),
        ("0001-01-01 00:00+15:00", "auto", "years 1678 to 2261"),
        ("9999-12-31 23:59-15:00", "auto", "years 1678 to 2261"),
        ("٢٠٢٠-٠١-٣١", "auto", "can be read"),
        ("yesterday", "auto", "can be read"),
    ],
)
def test_what_is_no_time_says_why_and_what_to_do(text, time_format, words):
    with pytest.raises(ValueError, match=words):
        utc(text, time_format)


def test_local_times_are_moved_to_utc_by_the_season():
    assert utc("2020-12-15 09:30", zone=NEW_YORK) == "2020-12-15T14:30:00Z"
    assert utc("2020-07-15 09:30", zone=NEW_YORK) == "2020-07-15T13:30:00Z"


def test_a_local_time_that_clocks_skip_is_refused():
    with pytest.raises(ValueError, match="does not exist in America/New_York"):
        utc("2023-03-12 02:30", zone=NEW_YORK)


def test_a_local_time_that_clocks_repeat_is_the_first_unless_order_says_the_second():
    first = utc("2023-11-05 01:30", zone=NEW_YORK)
    assert first == "2023-11-05T05:30:00Z"
    at_first = int(dt.datetime(2023, 11, 5, 5, 30, tzinfo=dt.UTC).timestamp()) * 10**9
    assert utc("2023-11-05 01:30", zone=NEW_YORK, after=at_first) == "2023-11-05T06:30:00Z"


def test_a_session_is_the_date_in_its_zone():
    session = {"zone": NEW_YORK, "session_dates": True}
    assert utc("2024-01-02 16:00", **session) == "2024-01-02"
    assert utc("2024-01-04T00:30:00Z", **session) == "2024-01-03"
    assert utc("1704153600", **session) == "2024-01-02"  # midnight UTC keeps its date


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("2024-01-02 09:30", "2024-01-02 09:31-05:00", "has an offset from UTC while earlier rows have none"),
        ("2024-01-02 09:30Z", "2024-01-02 09:31", "has no offset from UTC while earlier rows have one"),
        ("1704209400", "2024-01-02 15:31", "has no offset"),
        ("2024-01-02", "2024-01-02 15:31", "has a time of day while earlier rows are dates alone"),
        ("2024-01-02 15:31", "2024-01-03", "is a date alone while earlier rows have a time of day"),
    ],
)
def test_times_that_mean_different_zones_in_one_file_are_refused(first, second, words):
    reader = TimeReader(NEW_YORK, session_dates=False)
    reader.read(first)
    with pytest.raises(ValueError, match=f"{words}.*mixed timezones"):
        reader.read(second)


def test_a_date_alone_among_times_is_no_matter_in_utc():
    reader = TimeReader("UTC", session_dates=False)
    assert reader.read("2024-01-02 23:00") < reader.read("2024-01-03") < reader.read("2024-01-03 01:00")


def test_a_date_alone_leaves_open_how_times_of_day_are_written():
    reader = TimeReader("UTC", session_dates=False)
    reader.read("2024-01-02")
    reader.read("2024-01-03 01:00")
    with pytest.raises(ValueError, match="mixed timezones"):
        reader.read("2024-01-03 02:00Z")


def test_a_refused_time_does_not_decide_how_times_are_written():
    reader = TimeReader(NEW_YORK, session_dates=False)
    with pytest.raises(ValueError, match="years"):
        reader.read("1500-01-01T00:00Z")
    assert reader.read("2024-01-02 09:30")


def test_a_zone_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="'Mars/Olympus' is not a timezone"):
        get_zone("Mars/Olympus")
    for name in ("", "../etc/passwd", "a" * 500, "\0"):
        with pytest.raises(ValueError, match="is not a timezone"):
            get_zone(name)


def test_a_zone_that_depends_on_the_machine_is_no_zone():
    names = ("localtime", "posixrules", "Factory", "right/UTC", "posix/Europe/Paris", "America")
    for name in names:
        with pytest.raises(ValueError, match="is not a timezone"):
            get_zone(name)
    for name in ("UTC", "Europe/Paris", "US/Eastern", "EST5EDT", "Etc/GMT+5"):
        assert get_zone(name).key == name
