"""The first rows are shown as they will be read, each with its problem."""

import datetime as dt

import pytest

from marketdata.reading.layout import Reading
from marketdata.reading.preview import PreviewRow, preview
from marketdata.reading.recognition.detect import detect

HEADER = "date,open,high,low,close,volume,adj_close"
LATEST = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
SESSION = Reading(session_dates=True)


def shown(*rows, reading=SESSION, limit=20, header=HEADER):
    raw = "\n".join([header, *rows]).encode()
    layout = detect("\n".join([HEADER, "2024-01-02,10,12,9,11,500,5.5"]).encode()).layout
    return preview(raw, layout, reading, limit=limit, latest=LATEST)


def bar(day, prices="10,12,9,11", volume="500", adj_close="5.5"):
    return f"2024-01-{day:02},{prices},{volume},{adj_close}"


def test_sound_rows_are_shown_with_their_values():
    found = shown(bar(2), bar(3))
    assert found.rows == (
        PreviewRow(2, "2024-01-02", 10, 12, 9, 11, 500),
        PreviewRow(3, "2024-01-03", 10, 12, 9, 11, 500),
    )
    assert found.problems == ()


def test_intraday_times_are_shown_in_utc():
    text = "2024-01-02 09:30,10,12,9,11,500,5.5"
    (row,) = shown(text, reading=Reading(timezone="America/New_York")).rows
    assert row.time == "2024-01-02T14:30:00Z"


def test_adjusted_values_are_shown_when_asked_for():
    (row,) = shown(bar(2), reading=Reading(session_dates=True, adjust=True)).rows
    assert (row.open, row.high, row.low, row.close, row.volume) == (5, 6, 4.5, 5.5, 1000)


def test_an_adjustment_that_makes_no_price_is_a_problem_and_not_shown():
    # 500 / (1e-320 / 11) is beyond any number, and 10 * (1e-323 / 11) is 0
    rows = (bar(2), bar(3, adj_close="1e-320"), bar(4, adj_close="1e-323"))
    found = shown(*rows, reading=Reading(session_dates=True, adjust=True))
    assert [row.volume for row in found.rows] == [1000, None, None]
    assert [(problem.line, problem.column) for problem in found.problems] == [
        (3, "adj_close"),
        (4, "adj_close"),
    ]
    assert "gives no price or volume" in found.problems[0].reason


def test_a_row_with_a_problem_shows_it_and_no_values():
    found = shown(bar(2), bar(3, prices="10,nan,9,11"), bar(4))
    assert [row.line for row in found.rows] == [2, 3, 4]
    assert found.rows[1].open is None
    assert [str(problem) for problem in found.problems] == [
        "Line 3, high: 'nan' is not a finite number. Correct or remove the row."
    ]
    assert found.rows[1].problem == found.problems[0]


def test_rows_out_of_order_are_a_problem_unless_they_will_be_sorted():
    rows = (bar(3), bar(2), bar(3), bar(4))
    found = shown(*rows)
    assert [row.problem is not None for row in found.rows] == [False, True, True, False]
    assert "comes before line 2" in found.problems[0].reason
    assert "repeats the time of line 2" in found.problems[1].reason
    sorts = Reading(session_dates=True, policy="repair", repairs=("sort",))
    assert shown(bar(3), bar(2), reading=sorts).problems == ()


def test_future_dates_are_a_problem():
    (problem,) = shown("2025-01-02,10,12,9,11,500,5").problems
    assert "lies in the future" in problem.reason


def test_no_more_rows_are_read_than_wanted():
    assert len(shown(*(bar(day) for day in range(2, 30)), limit=5).rows) == 5


def test_another_header_than_the_layout_names_is_one_problem():
    found = shown(bar(2), header=HEADER.replace("open,high", "high,open"))
    assert found.rows == ()
    assert "is not the header" in found.problems[0].reason


@pytest.mark.parametrize(
    ("rows", "reading", "words"),
    [
        ((), SESSION, "has no rows"),
        ((bar(2),), Reading(timezone="Mars"), "is not a timezone"),
        (("9" * 70_000,), SESSION, "longer than"),
    ],
)
def test_what_keeps_a_file_from_being_read_is_said(rows, reading, words):
    assert words in shown(*rows, reading=reading).problems[0].reason


def test_adjusting_without_the_column_is_said():
    layout = detect(b"date,open,high,low,close\n2024-01-02,10,12,9,11\n").layout
    assert "adj_close" in preview(b"", layout, Reading(adjust=True)).problems[0].reason
    assert "header is missing" in preview(b"", layout, Reading()).problems[0].reason
