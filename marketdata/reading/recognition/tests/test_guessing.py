"""A file's name and the times of its bars say what they are, and no more than they say."""

import datetime as dt

import pytest

from marketdata.reading.recognition.guessing import (
    DAY,
    calendar_of,
    from_file_name,
    from_period,
    timeframe_of,
    zone_of,
)
from marketdata.reading.recognition.naming import plain, zone_hint
from marketdata.reading.recognition.signs import Signs, signs_of

MINUTE = 60_000_000_000
MONDAY = 1_704_067_200_000_000_000  # 2024-01-01


@pytest.mark.parametrize(
    ("name", "symbol", "timeframe"),
    [
        ("AAPL.csv", "AAPL", None),
        ("AAPL_1d.csv", "AAPL", "1d"),
        ("spy_1m.csv.gz", "SPY", "1m"),
        ("BTC-USD.csv", "BTC-USD", None),
        ("^GSPC.csv", "^GSPC", None),
        ("BRK-B (1).csv", "BRK-B", None),
        ("aapl_us_d.csv", "AAPL", "1d"),
        ("aapl.us.txt", "AAPL", None),
        ("EURUSD=X.csv", "EURUSD=X", None),
        ("BTCUSDT-1m-2024-01.csv", "BTCUSDT", "1m"),
        ("BTCUSDT-1h-2024-01-02.csv", "BTCUSDT", "1h"),
        ("BTCUSDT-1M-2024.csv", "BTCUSDT", None),  # a month
        ("Binance_ETHUSDT_1h.csv", "ETHUSDT", "1h"),
        ("EURUSD60.csv", "EURUSD", "1h"),
        ("EURUSD1440.csv", "EURUSD", "1d"),
        ("EURUSD240.csv", "EURUSD", "4h"),
        ("EURUSD_M15_202001020000_202012312359.csv", "EURUSD", "15m"),
        ("GBPUSD_H4.csv", "GBPUSD", "4h"),
        ("NASDAQ_AAPL, 1D.csv", "AAPL", "1d"),
        ("BINANCE_BTCUSDT, 60.csv", "BTCUSDT", "1h"),
        ("BATS_SPY, 15_a1b2c.csv", "SPY", "15m"),
        ("daily_IBM.csv", "IBM", "1d"),
        ("intraday_5min_IBM.csv", "IBM", "5m"),
        ("weekly_adjusted_IBM.csv", "IBM", "1w"),
        ("XBTUSD_1440.csv", "XBTUSD", "1d"),
        ("DAT_ASCII_EURUSD_M1_2020.csv", "EURUSD", "1m"),
        ("EURUSD_Candlestick_1_Hour_BID_01.01.2020-31.12.2020.csv", "EURUSD", "1h"),
        ("HistoricalData_1700000000.csv", "", None),
        ("2024-01-02.csv", "", None),
        ("data.csv", "", None),
        ("", "", None),
        ("C:\\data\\MSFT_1d.parquet", "MSFT", "1d"),
        ("../../etc/passwd", "PASSWD", None),
    ],
)
def test_a_file_name_speaks_of_symbol_and_timeframe(name, symbol, timeframe):
    assert from_file_name(name) == (symbol, timeframe)


@pytest.mark.parametrize(
    ("cell", "timeframe"),
    [
        ("D", "1d"),
        ("60", "1h"),
        ("5", "5m"),
        ("H4", "4h"),
        ("1w", "1w"),
        ("30", None),
        ("x", None),
        ("", None),
    ],
)
def test_a_column_of_periods_names_the_timeframe(cell, timeframe):
    assert from_period(cell) == timeframe


def test_days_with_weekends_and_holidays_between_are_daily():
    trading = [MONDAY + DAY * day for day in (0, 1, 2, 3, 4, 7, 8, 9, 11, 14)]
    assert timeframe_of(trading) == ("1d", "")


def test_minutes_that_are_left_out_do_not_make_bars_longer():
    name, remark = timeframe_of([MONDAY + MINUTE * at for at in (0, 2, 5, 7, 9, 12)])
    assert name == "1m"
    assert "2 minutes apart" in remark


@pytest.mark.parametrize("minutes", [30, 120, 3])
def test_bars_of_a_length_that_the_lab_does_not_know_are_not_called_another(minutes):
    name, remark = timeframe_of([MONDAY + MINUTE * minutes * at for at in range(40)])
    assert name is None
    assert "which is none of" in remark


def hours(days, first, after):
    return [MONDAY + DAY * day + 3600 * 10**9 * hour for day in days for hour in range(first, after)]


@pytest.mark.parametrize(
    ("times", "symbol", "timeframe", "dialect", "calendar"),
    [
        (hours(range(14), 0, 24), "X", "1h", "generic", "24/7"),
        (hours([0, 1, 2, 3, 4, 7, 8, 9], 0, 24), "X", "1h", "generic", "fx"),
        (hours([0, 1, 2, 3, 4, 7, 8, 9], 14, 21), "X", "1h", "generic", "exchange"),
        (hours([0, 1, 2, 3, 4, 7], 0, 1), "AAPL", "1d", "generic", "exchange"),
        (hours([0, 1, 2, 3, 4, 7], 0, 1), "EURUSD", "1d", "generic", "fx"),
        (hours(range(9), 0, 1), "BTCUSD", "1d", "generic", "24/7"),
        (hours([0], 0, 9), "SOLUSDT", "1h", "generic", "24/7"),
        (hours([0], 0, 9), "ANY", "1h", "binance", "24/7"),
        (hours([0, 7, 14], 0, 1), "BTCUSD", "1w", "generic", "24/7"),
        (hours([6, 13, 20], 0, 1), "AAPL", "1w", "generic", "exchange"),
        ([], "", None, "generic", None),
    ],
)
def test_days_and_hours_speak_for_a_calendar(times, symbol, timeframe, dialect, calendar):
    assert calendar_of(times, symbol, timeframe, dialect)[0] == calendar


@pytest.mark.parametrize(
    ("offsets", "zone"),
    [
        ((-5, -4), "America/New_York"),
        ((-4,), "America/New_York"),
        ((0,), "UTC"),
        ((0, 1), "Europe/London"),
        ((1, 2), "Europe/Berlin"),
        ((9,), "Asia/Tokyo"),
        ((-9,), None),
        ((), None),
    ],
)
def test_offsets_are_typical_of_a_zone_or_of_none(offsets, zone):
    assert zone_of(dt.timedelta(hours=hour) for hour in offsets) == zone


@pytest.mark.parametrize(
    ("name", "bare", "zone"),
    [
        ("Date (UTC)", "date", "UTC"),
        ("Gmt time", "gmttime", "UTC"),
        ("time_utc", "time", "UTC"),
        ("Time (America/New_York)", "time", "America/New_York"),
        ("<CLOSE>", "close", None),
        ("5. adjusted close", "adjustedclose", None),
        ("Adj Close**", "adjclose", None),
        ("latest", "latest", None),
    ],
)
def test_a_name_is_compared_without_what_stands_beside_it(name, bare, zone):
    assert (plain(name), zone_hint(name)) == (bare, zone)


@pytest.mark.parametrize(
    ("cells", "delimiter", "decimal", "thousands"),
    [
        (["10.5", "1.25"], ",", ".", ""),
        (["10,5", "1,25"], ";", ",", ""),
        (["10", "12"], ";", ".", ""),
        (["1,234.50", "10.5"], "\t", ".", ","),
        (["1.234,50", "10,5"], ";", ",", "."),
        (["10.5", "1,234,567"], ";", ".", ","),
        (["10,5", "1.234.567"], ";", ",", "."),
        (["10,5", "1.234"], ";", ",", "."),
        (["10.5", "1,234"], ",", ".", ","),
        (["1 234,5"], ";", ",", " "),
        (["1'234.5"], ";", ".", "'"),
        (["1,234"], ";", ",", ""),
        (["1,234"], ",", ".", ","),
        (["0,123"], ";", ",", ""),
        (["1.234"], ";", ".", ""),
        ([], ",", ".", ""),
    ],
)
def test_numbers_show_which_signs_they_are_written_with(cells, delimiter, decimal, thousands):
    found = signs_of(cells, delimiter)
    assert (found.decimal, found.thousands) == (decimal, thousands)
    assert found == Signs(decimal, thousands, found.note)
