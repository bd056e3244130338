"""What somebody says of a file holds, and everything else is recognised in its light."""

import pytest

from marketdata.reading.layout import ENCODINGS, Reading
from marketdata.reading.preview import preview
from marketdata.reading.recognition.detect import detect
from marketdata.reading.recognition.detection import Overrides

HEADER = "date,open,high,low,close,volume"
ROWS = ("2024-01-02,10,12,9,11,500", "2024-01-03,11,13,10,12,600", "2024-01-04,12,14,11,13,700")
PLAIN = "\n".join([HEADER, *ROWS])


def detected(text, file_name="", **said):
    raw = text if isinstance(text, bytes) else text.encode()
    return detect(raw, file_name=file_name, overrides=Overrides(**said))


def read(text, **said):
    """The layout, and the rows of the preview as (line, open) or (line, reason)."""
    raw = text if isinstance(text, bytes) else text.encode()
    found = detected(raw, **said)
    assert found.problems == (), [str(problem) for problem in found.problems]
    shown = preview(raw, found.layout, Reading(session_dates=True))
    return found.layout, [(row.line, row.problem.reason if row.problem else row.open) for row in shown.rows]


def refused(text, **said):
    problems = detected(text, **said).problems
    assert problems
    return problems[0]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_is_read_in_the_encoding_that_is_said(encoding):
    names = {"gb18030": "成交额", "shift_jis": "銘柄", "cp1251": "Объём", "cp1250": "Otwarcie ł"}
    name = names.get(encoding, "Umsätze")
    text = "\n".join([f"{HEADER},{name}", *(f"{row},x" for row in ROWS)])
    layout, rows = read(text.encode(encoding), encoding=encoding)
    assert (layout.encoding, layout.names[-1]) == (encoding, name)
    assert rows == [(2, 10), (3, 11), (4, 12)]


def test_latin_1_is_never_guessed_and_reads_what_nothing_else_does():
    raw = PLAIN.replace("volume", "volume\x9d").encode("latin-1")
    assert "Choose its encoding" in refused(raw).reason
    assert read(raw, encoding="latin-1")[0].names[-1] == "volume\x9d"


def test_bytes_of_another_encoding_are_located():
    raw = f"{PLAIN}\n2024-01-05,12,14,11,13,7é0".encode("cp1252")
    problem = refused(raw, encoding="utf-8")
    assert (problem.line, problem.reason) == (5, "holds bytes that are not UTF-8. Choose another encoding.")
    assert "when read as UTF-16" in refused(PLAIN, encoding="utf-16").reason


def test_the_delimiter_that_is_said_alone_cuts_the_lines():
    both = "\n".join(
        ["date|open|high|low|close|a,b,c,d,e,f", *(f"{r.replace(',', '|')},1,2,3,4,5" for r in ROWS)]
    )
    layout, rows = read(both, delimiter="|")
    assert (layout.delimiter, layout.roles[:5]) == ("|", ("time", "open", "high", "low", "close"))
    assert rows[0] == (2, 10)
    problem = refused(PLAIN, delimiter=";")
    assert (problem.line, problem.value) == (1, HEADER)
    assert "when cut by semicolon" in problem.reason


def test_a_first_line_of_unknown_names_is_a_header_when_that_is_said():
    text = "\n".join(["tag;eins;zwei;drei;vier;stück", *(row.replace(",", ";") for row in ROWS)])
    layout, rows = read(text)
    assert (layout.has_header, layout.skipped_lines, layout.names[0]) == (False, 1, "column 1")
    layout, rows = read(text, has_header=True)
    assert (layout.has_header, layout.skipped_lines, layout.names[1]) == (True, 0, "eins")
    assert layout.roles == ("time", "open", "high", "low", "close", "volume")
    assert rows == [(2, 10), (3, 11), (4, 12)]


def test_a_header_that_names_too_few_or_too_many_columns_is_one_when_that_is_said():
    layout, rows = read("\n".join(["bars", *ROWS]), has_header=True)
    assert layout.names == ("bars", "column 2", "column 3", "column 4", "column 5", "column 6")
    assert rows[0] == (2, 10)
    layout, _rows = read("\n".join([HEADER, *(row.rsplit(",", 1)[0] for row in ROWS)]), has_header=True)
    assert layout.names == tuple(HEADER.split(","))


def test_a_broken_first_row_is_not_passed_over_when_the_first_line_is_said_to_be_a_bar():
    text = "\n".join(["2024-01-01,n/a,n/a,9,11,500", *ROWS])
    assert read(text)[0].skipped_lines == 1
    assert "The first line is passed over: neither names of columns nor bars." in detected(text).notes
    layout, rows = read(text, has_header=False)
    assert (layout.has_header, layout.skipped_lines) == (False, 0)
    assert rows[0][0] == 1
    assert "is not a number" in rows[0][1]
    assert rows[1:] == [(2, 10), (3, 11), (4, 12)]


def test_names_that_are_said_to_be_a_bar_are_a_located_problem():
    layout, rows = read(PLAIN, has_header=False)
    assert layout.names[0] == "column 1"
    assert rows[0][0] == 1
    assert "is not a date or time" in rows[0][1]


def test_prose_above_the_rows_stays_above_them():
    text = "\n".join(["Bars of nobody", "", *ROWS])
    assert read(text, has_header=False)[0].skipped_lines == 2
    assert read("\n".join(["Bars of nobody", "", PLAIN]), has_header=True)[0].skipped_lines == 2


@pytest.mark.parametrize(
    ("skipped", "has_header", "first"),
    [(0, None, (2, 10)), (1, None, (2, 10)), (2, None, (3, 11)), (2, False, (3, 11)), (1, True, (3, 11))],
)
def test_lines_are_skipped_as_said(skipped, has_header, first):
    layout, rows = read(PLAIN, skipped_lines=skipped, has_header=has_header)
    assert layout.skipped_lines == skipped
    assert rows[0] == first


def test_skipping_all_lines_is_located():
    problem = refused(PLAIN, skipped_lines=9)
    assert (problem.line, problem.reason) == (4, "nothing is left after 9 skipped lines. Skip fewer.")
    assert refused("\n" * 400 + PLAIN, has_header=True).line == 401


@pytest.mark.parametrize(
    ("said", "signs", "first"),
    [
        ({}, (",", ""), 1.25),
        ({"decimal": "."}, (".", ","), 1250),
        ({"thousands": ","}, (".", ","), 1250),
        ({"thousands": ""}, (",", ""), 1.25),
        ({"decimal": ",", "thousands": "."}, (",", "."), 1.25),
    ],
)
def test_ambiguous_signs_are_settled_by_what_is_said(said, signs, first):
    rows = (f"2024-01-0{day};1,250;1,260;1,240;1,255" for day in (2, 3, 4))
    layout, shown = read("\n".join(["date;open;high;low;close", *rows]), **said)
    assert (layout.decimal, layout.thousands) == signs
    assert shown[0][1] == first


def test_without_a_thousands_sign_a_comma_before_three_digits_is_a_decimal_comma():
    text = "\n".join(["date,open,high,low,close", '2024-01-02,"1,250","1,260","1,240","1,255"'])
    assert read(text)[1] == [(2, 1250)]
    layout, rows = read(text, thousands="")
    assert (layout.decimal, rows) == (",", [(2, 1.25)])


def test_columns_that_are_said_decide_the_times_and_so_the_timeframe():
    text = "\n".join(
        [
            "date,settled,open,high,low,close",
            *(f"2024-01-0{day},2024-01-{7 * day},10,12,9,11" for day in (2, 3, 4)),
        ]
    )
    assert "several columns hold the time" in refused(text.replace("settled", "time")).reason
    prices = ("open", "high", "low", "close")
    assert detected(text, roles=("time", "ignore", *prices)).timeframe == "1d"
    assert detected(text, roles=("ignore", "time", *prices)).timeframe == "1w"


def test_columns_that_cannot_be_told_apart_are_read_when_they_are_said():
    text = "2024-01-02,10,9,8,9.5\n2024-01-03,9,10,8,9.5\n2024-01-04,10,9,12,9.5\n"
    assert "no open, high, low and close" in refused(text).reason
    found = detected(text, roles=("time", "open", "close", "low", "high"))
    assert (found.problems, found.timeframe) == ((), "1d")


def test_impossible_columns_and_too_few_of_them_do_no_harm():
    reasons = [problem.reason for problem in detected(PLAIN, roles=("ignore",) * 6).problems]
    assert any("no column holds the time" in reason for reason in reasons)
    assert detected(PLAIN, roles=("time", "open")).layout.roles == (
        "time",
        "open",
        "high",
        "low",
        "close",
        "volume",
    )


def test_times_in_a_format_that_is_said_are_read_so_or_located():
    text = "\n".join([HEADER, *(row.replace("2024-01-", "").replace(",", "/05/2024,", 1) for row in ROWS)])
    layout = detected(text, time_format="mdy").layout
    assert preview(text.encode(), layout, Reading(session_dates=True)).rows[0].time == "2024-02-05"
    problem = refused(text, time_format="unix_s")
    assert (problem.line, problem.column, problem.value) == (2, "date", "02/05/2024")
    assert "no row shows one in the format unix_s" in problem.reason


def test_a_header_that_names_more_columns_than_the_rows_have_is_no_obstacle():
    text = "\n".join([f"{HEADER},period,symbol", *ROWS])
    assert detected(text).timeframe == "1d"
