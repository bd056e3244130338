"""What one row means, by the layout and the reading that it is read with."""

import re
from dataclasses import replace
from math import isnan

import pytest

from marketdata.errors import FileInvalid
from marketdata.reading.checks import check_layout
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.rows import Row, RowReader

NAMES = ("date", "open", "high", "low", "close", "volume")
LAYOUT = Layout("generic", "utf-8", ",", ".", True, 0, NAMES, ("time", *NAMES[1:]))
ADJUSTED = replace(LAYOUT, names=(*NAMES, "adj close"), roles=(*LAYOUT.roles, "adj_close"))
LATEST = 1_735_689_600_000_000_000  # 2025-01-01
SESSION = Reading(session_dates=True)


def row_of(text, layout=LAYOUT, reading=SESSION):
    found = RowReader(layout, reading, LATEST).read(text, 7)
    assert isinstance(found, Row), [str(problem) for problem in found]
    return found


def refusals_of(text, layout=LAYOUT, reading=SESSION):
    found = RowReader(layout, reading, LATEST).read(text, 7)
    assert not isinstance(found, Row), found
    assert all(problem.line == 7 for problem in found)
    return found


def test_a_row_is_a_time_and_six_values():
    row = row_of("2024-01-02,10,12,9,11,500")
    assert row[:6] == (1_704_153_600_000_000_000, 10, 12, 9, 11, 500)
    assert isnan(row.adj_close)


@pytest.mark.parametrize(
    ("decimal", "thousands", "cell", "value"),
    [
        (".", "", "10.5", 10.5),
        (".", "", "+1.05e1", 10.5),
        (".", ",", "1,234,567.25", 1234567.25),
        (".", ",", "10.5", 10.5),
        (".", " ", "1 234.5", 1234.5),
        (".", " ", "1\u202f234.5", 1234.5),
        (".", "'", "1'234.5", 1234.5),
        (".", "'", "1\u2019234.5", 1234.5),
        (",", "", "10,5", 10.5),
        (",", ".", "1.234.567,25", 1234567.25),
        (",", " ", "1\u00a0234,5", 1234.5),
    ],
)
def test_numbers_are_read_by_the_signs_of_the_file(decimal, thousands, cell, value):
    layout = replace(LAYOUT, delimiter=";", decimal=decimal, thousands=thousands)
    assert row_of(f"2024-01-02;{cell};9999999;1;{cell};{cell}", layout)[1] == value


@pytest.mark.parametrize(
    ("decimal", "thousands", "cell", "words"),
    [
        (".", "", "10,5", "Write a point for decimals"),
        (".", ",", "12,34", "with ',' between groups of three digits"),
        (".", ",", "1,234,56", "between groups"),
        (",", "", "10.5", "Choose the decimal point"),
        (",", ".", "1.23", "with '.' between groups of three"),
        (",", ".", "12,3.456", "between groups"),
        (".", "", "1_000", "not a number in plain digits"),
        (".", "", "١٠", "not a number in plain digits"),
        (".", "", "1e999", "too large"),
        (".", "", "nan", "not a finite number"),
        (".", "", "-Infinity", "not a finite number"),
        (".", "", "null", "is not a number"),
        (".", "", "0x1F", "is not a number"),
        (".", "", "", "the cell is empty"),
    ],
)
def test_a_cell_that_is_no_number_says_why(decimal, thousands, cell, words):
    layout = replace(LAYOUT, delimiter=";", decimal=decimal, thousands=thousands)
    (problem,) = refusals_of(f"2024-01-02;{cell};9999999;1;2;3", layout)
    assert (problem.column, problem.value) == ("open", cell)
    assert words in problem.reason


def test_every_problem_of_a_row_is_listed():
    found = refusals_of("2024-13-02,x,12,-9,0,-500")
    assert [problem.column for problem in found] == ["date", "open", "low", "close", "volume"]


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("2024-01-02,10,8,9,11,500", "high", "below the low"),
        ("2024-01-02,10,10.5,9,11,500", "high", "below open or close"),
        ("2024-01-02,10,12,10.5,11,500", "low", "above open or close"),
        ("2024-01-02,10,12,9,0,500", "close", "not above 0"),
        ("2024-01-02,10,12,-9,11,500", "low", "not above 0"),
        ("2024-01-02,10,12,9,11,-1", "volume", "below 0"),
        ("2025-01-02,10,12,9,11,500", "date", "lies in the future"),
        ("2024-01-02,10,12,9,11", "row", "names 6 columns"),
        ("2024-01-02,10,12,9,11,500,1", "row", "names 6 columns"),
        ("2024-01-02,10,12\0,9,11,500", "row", "NUL byte"),
        ("2024-01-02,10,12\r,9,11,500", "row", "carriage return"),
        ('2024-01-02,"10,12,9,11,500', "row", "cannot be cut"),
        ('2024-01-02,"10"x,12,9,11,500', "row", "cannot be cut"),
    ],
)
def test_what_cannot_be_a_bar_is_refused_where_it_stands(text, column, words):
    (problem,) = refusals_of(text)
    assert problem.column == column
    assert words in problem.reason


def test_one_delimiter_at_the_end_of_a_row_is_no_cell():
    assert row_of("2024-01-02,10,12,9,11,500,").volume == 500


def test_quoted_cells_may_hold_the_delimiter():
    assert row_of('"2024-01-02","10","12","9","11","1,500"', replace(LAYOUT, thousands=",")).volume == 1500


def test_blanks_part_cells_in_runs():
    layout = replace(
        LAYOUT, delimiter=" ", names=("d", "t", *NAMES[1:]), roles=("date", "time_of_day", *NAMES[1:])
    )
    row = row_of("2024-01-02  15:30   10 12 9 11 500", layout, Reading())
    assert row.time == 1_704_209_400_000_000_000


def test_a_row_without_a_volume_column_has_volume_0():
    assert (
        row_of("2024-01-02,10,12,9,11", replace(LAYOUT, names=NAMES[:5], roles=LAYOUT.roles[:5])).volume == 0
    )


def test_an_adjusted_close_is_only_required_where_it_is_used():
    assert row_of("2024-01-02,10,12,9,11,500,5.5", ADJUSTED).adj_close == 5.5
    assert isnan(row_of("2024-01-02,10,12,9,11,500,", ADJUSTED).adj_close)
    (problem,) = refusals_of("2024-01-02,10,12,9,11,500,0", ADJUSTED, replace(SESSION, adjust=True))
    assert (problem.column, problem.value) == ("adj close", "0")


def test_adjusting_multiplies_prices_and_divides_volume():
    # factor = 5.5 / 11 = 0.5
    row = row_of("2024-01-02,10,12,9,11,500,5.5", ADJUSTED, replace(SESSION, adjust=True))
    assert row[1:] == (5, 6, 4.5, 5.5, 1000, 5.5)


def test_order_and_repetition_are_named_with_the_other_line():
    reader = RowReader(LAYOUT, SESSION, LATEST)
    text = "2024-01-02,10,12,9,11,500"
    row = reader.read(text, 7)
    assert "repeats the time of line 6" in reader.order_problem(text, 7, row, row.time, 6).reason
    late = reader.order_problem(text, 7, row, row.time + 1, 6)
    assert (late.column, late.value) == ("date", "2024-01-02")
    assert "comes before line 6" in late.reason


def test_the_header_must_be_the_one_of_the_layout():
    reader = RowReader(LAYOUT, SESSION, LATEST)
    assert reader.check_header("date,open,high,low,close,volume", 1) == []
    assert reader.check_header(" date , open,high,low,close,volume,,", 1) == []
    for other in ("date,open,low,high,close,volume", "date,open,high,low,close,volume,more", '"date'):
        (problem,) = reader.check_header(other, 1)
        assert (problem.line, problem.column) == (1, "header")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"roles": ("time", "open", "high", "low", "ignore", "volume")}, "no column holds close"),
        ({"roles": ("ignore", *LAYOUT.roles[1:])}, "no column holds the time"),
        ({"roles": ("time_of_day", *LAYOUT.roles[1:])}, "the time is one column"),
        ({"roles": (*LAYOUT.roles[:5], "time")}, "2 columns hold time"),
        ({"roles": (*LAYOUT.roles[:5], "date")}, "the time is one column"),
        ({"roles": (*LAYOUT.roles[:5], "weight")}, "'weight' is not what a column can hold"),
        ({"roles": LAYOUT.roles[:5]}, "not every column has a name"),
        ({"encoding": "latin-5"}, "is not a known encoding"),
        ({"delimiter": "::"}, "delimiter"),
        ({"decimal": ";"}, "decimal sign"),
        ({"thousands": "."}, "are the same"),
        ({"time_format": "epoch"}, "time format"),
        ({"names": NAMES * 20, "roles": LAYOUT.roles + ("ignore",) * 114}, "over the cap of 64"),
    ],
)
def test_a_layout_that_cannot_be_used_is_refused_in_words(changes, words):
    layout = replace(LAYOUT, **changes)
    assert any(re.search(words, problem.reason) for problem in check_layout(layout, Reading()))
    with pytest.raises(FileInvalid):
        RowReader(layout, Reading(), LATEST)


def test_adjusting_needs_the_column_and_local_times_a_zone():
    assert "adj_close" in check_layout(LAYOUT, Reading(adjust=True))[0].reason
    assert "'Mars' is not a timezone" in check_layout(LAYOUT, Reading(timezone="Mars"))[0].reason
    assert check_layout(ADJUSTED, Reading(adjust=True)) == []
