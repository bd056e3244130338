"""What the pages print for numbers, dates and lists."""

import math
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory

from algotrade.templatetags import figures, lists

T = figures.THIN_SPACE
M = figures.MINUS
Row = namedtuple("Row", "open high low close")


@pytest.mark.parametrize("value", [None, "", math.nan, math.inf, -math.inf, "words", Decimal("NaN"), True])
@pytest.mark.parametrize(
    "print_",
    [figures.percent, figures.signed_percent, figures.ratio, figures.money, figures.signed_money,
     figures.integer, figures.price, figures.duration, figures.duration_ms],
)  # fmt: skip
def test_whatever_is_not_a_finite_number_prints_as_not_available(print_, value):
    assert print_(value) == "n/a"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1234, f"12.34{T}%"), (-0.5, f"{M}50.00{T}%"), (0, f"0.00{T}%"), (12.345678, f"1{T}234.57{T}%")],
)
def test_a_fraction_prints_as_a_percentage_with_two_decimals(value, text):
    assert figures.percent(value) == text


def test_a_signed_percentage_carries_its_sign_and_zero_has_none():
    assert figures.signed_percent(0.05) == f"+5.00{T}%"
    assert figures.signed_percent(-0.05) == f"{M}5.00{T}%"
    assert figures.signed_percent(0.0) == f"0.00{T}%"
    assert figures.signed_percent(-0.000001) == f"0.00{T}%"


def test_money_has_thousands_two_decimals_and_its_currency():
    assert figures.money(Decimal("1234567.891")) == f"1{T}234{T}567.89{T}USD"
    assert figures.money(-5, "EUR") == f"{M}5.00{T}EUR"
    assert figures.money(5, "") == "5.00"
    assert figures.signed_money(250) == f"+250.00{T}USD"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (130.31, "130.31"),
        (56.13741, "56.14"),
        (1.05236, "1.05236"),
        (1.05, "1.05"),
        (43210.5, f"43{T}210.50"),
        (0.000012345, "0.000012345"),
        (0, "0.00"),
    ],
)
def test_a_price_keeps_the_digits_that_matter(value, text):
    assert figures.price(value) == text


def test_integers_and_ratios():
    assert figures.integer(1234567) == f"1{T}234{T}567"
    assert figures.ratio(-1.245) in {f"{M}1.24", f"{M}1.25"}
    assert figures.ratio(2) == "2.00"


def test_tone_follows_the_sign():
    assert [figures.tone(value) for value in (0.1, -0.1, 0, None)] == ["gain", "loss", "", ""]


def test_dates_print_as_iso_in_utc():
    berlin = timezone(timedelta(hours=2))
    late = datetime(2024, 3, 1, 1, 30, tzinfo=berlin)
    assert figures.iso_date(late) == "2024-02-29"
    assert figures.iso_time(late) == "2024-02-29 23:30"
    assert figures.iso_date(date(2024, 3, 1)) == "2024-03-01"
    assert figures.iso_date("2024-03-01T10:00:00Z") == "2024-03-01"
    assert figures.iso_date("soon") == figures.iso_date(None) == "n/a"
    assert figures.iso_time(datetime(2024, 3, 1, 9, 5, tzinfo=UTC)) == "2024-03-01 09:05"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.084, f"84{T}ms"),
        (0.9996, f"1.0{T}s"),
        (12.34, f"12.3{T}s"),
        (59.96, f"1{T}min 00{T}s"),
        (3725, f"1{T}h 02{T}min"),
        (timedelta(days=3, hours=4), f"3{T}d 04{T}h"),
    ],
)
def test_a_duration_prints_in_its_two_largest_units(seconds, text):
    assert figures.duration(seconds) == text


def test_milliseconds_print_like_seconds():
    assert figures.duration_ms(1500) == figures.duration(1.5)


def test_na_keeps_a_value_and_replaces_nothing():
    assert figures.na("AAPL") == "AAPL"
    assert figures.na(0) == 0
    assert figures.na(None) == figures.na(math.nan) == "n/a"


def test_a_sparkline_spans_its_box_and_skips_gaps():
    # 5 values over 116 units of width: one step is 29; the gap at index 1 leaves 4 points.
    points = figures.sparkline_points([1, None, 3, 2, 2]).split()
    assert points == ["2.0,26.0", "60.0,2.0", "89.0,14.0", "118.0,14.0"]


def test_a_flat_sparkline_runs_through_the_middle_and_a_single_value_draws_nothing():
    assert {point.split(",")[1] for point in figures.sparkline_points([5, 5, 5]).split()} == {"14.0"}
    assert figures.sparkline_points([5]) == figures.sparkline_points(None) == ""


def test_the_change_over_a_series_is_a_fraction():
    assert figures.change_over([100, 90, 110]) == Decimal("0.1")
    assert figures.change_over([0, 5]) is None
    assert figures.change_over([]) is None


def test_page_numbers_show_both_ends_and_the_neighbourhood():
    pages = Paginator(range(1000), 10)
    assert lists.page_numbers(pages.page(1)) == [1, 2, None, 100]
    assert lists.page_numbers(pages.page(50)) == [1, None, 49, 50, 51, None, 100]
    assert lists.page_numbers(Paginator(range(30), 10).page(2)) == [1, 2, 3]


def query(template: str, address: str) -> str:
    request = RequestFactory().get(address)
    return Template("{% load lists %}{% autoescape off %}" + template + "{% endautoescape %}").render(
        Context({"request": request})
    )


def test_a_page_link_keeps_the_other_parameters():
    assert query("{% query_with 'page' 3 %}", "/?q=MA+x&page=1") == "?q=MA+x&page=3"
    assert query("{% query_with 'page' None %}", "/?q=1&page=1") == "?q=1"


def test_a_sort_link_starts_downwards_and_turns():
    assert query("{% sort_query 'sharpe' %}", "/") == "?sort=-sharpe"
    assert query("{% sort_query 'sharpe' %}", "/?sort=-sharpe") == "?sort=sharpe"
    assert query("{% sort_query 'sharpe' %}", "/?sort=sharpe") == "?sort=-sharpe"


def test_prices_of_a_column_have_the_decimals_of_the_longest():
    rows = [Row(1.09, 1.1, 1.08989, 1.09), Row(None, None, None, None)]
    places = figures.price_places(rows)
    assert [figures.price(value, places) for value in rows[0]] == ["1.09000", "1.10000", "1.08989", "1.09000"]
    assert figures.price_places([]) == 2


@pytest.mark.parametrize(
    ("value", "text"), [(55.0, "55"), (0.0125, "0.0125"), (3638600.0, f"3{T}638{T}600"), (1234.5, f"1{T}234")]
)
def test_a_volume_shows_decimals_only_where_it_is_small_and_has_some(value, text):
    assert figures.quantity(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2024-03-06T05:00:00Z", "2024-03-06 05:00"),
        ("2024-03-06T05:00:07.250000Z", "2024-03-06 05:00:07.25"),
        ("2024-03-06T00:00:00Z", "2024-03-06"),
        ("2024-03-06", "2024-03-06"),
        ("", "n/a"),
    ],
)
def test_a_moment_is_no_finer_than_it_is(value, text):
    assert figures.moment(value) == text


def test_a_midnight_is_written_in_full_where_times_stand_in_a_column():
    assert figures.moment("2024-03-06T00:00:00Z", with_midnight=True) == "2024-03-06 00:00"
