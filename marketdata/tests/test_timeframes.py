"""Timeframes, calendars and the bars of a year."""

import pytest

from marketdata.errors import UnknownTimeframe
from marketdata.timeframes import get_calendar, get_timeframe, periods_per_year


@pytest.mark.parametrize(
    ("timeframe", "calendar", "expected"),
    [
        ("1d", "exchange", 252),
        ("1d", "24/7", 365),
        ("1d", "fx", 260),
        ("1w", "exchange", 52),
        ("1w", "24/7", 52),
        ("1h", "24/7", 8760),  # 365 * 24
        ("1h", "fx", 6240),  # 260 * 24
        ("1h", "exchange", 1764),  # 252 * 7: six and a half hours are seven bars, the last one short
        ("1m", "exchange", 98280),  # 252 * 390
        ("4h", "exchange", 504),  # 252 * 2
    ],
)
def test_the_bars_of_a_year_follow_timeframe_and_calendar(timeframe, calendar, expected):
    assert periods_per_year(timeframe, calendar) == expected


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownTimeframe, match="There are: 1m, 5m") as caught:
        get_timeframe("1D")
    assert "timeframe" in caught.value.fields
    with pytest.raises(UnknownTimeframe, match="Did you mean 'exchange'"):
        get_calendar("exchnge")
