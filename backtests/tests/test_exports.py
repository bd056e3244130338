"""CSV files: complete, and safe to open in a spreadsheet."""

import csv
import io

import pytest
from django.urls import reverse

from algotrade.csv_files import BLOCK, cell, csv_lines, csv_response
from backtests.exports import RESULT_COLUMNS, TRADE_COLUMNS
from backtests.models import BacktestResult

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def rows_of(answer):
    text = b"".join(answer.streaming_content).decode()
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_starts_like_a_formula_is_neutralised(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 0, "plain", "a=b", "2020-01-01"])
def test_numbers_and_plain_text_stay_as_they_are(value):
    assert cell(value) == value


def test_a_column_named_like_a_formula_is_neutralised():
    assert "".join(csv_lines(["=1+1", "plain"], [["-x", -1]])) == "'=1+1,plain\r\n'-x,-1\r\n"


def test_lines_are_made_block_by_block():
    asked = []
    pieces = csv_lines(["n"], (asked.append(number) or [number] for number in range(BLOCK + 5)))
    assert next(pieces) == "n\r\n"
    assert asked == []
    assert next(pieces).count("\r\n") == len(asked) == BLOCK
    assert next(pieces).count("\r\n") == 5


async def test_a_server_of_asgi_gets_each_block_before_the_next_is_made():
    asked = []
    response = csv_response("x", ["n"], ([asked.append(number) or None] for number in range(3 * BLOCK)))
    pieces = aiter(response)
    assert await anext(pieces) == b"n\r\n"
    assert (await anext(pieces)).count(b"\r\n") == len(asked) == BLOCK
    assert len([piece async for piece in pieces]) == 2


def test_nothing_is_an_empty_cell():
    assert cell(None) == ""


def test_every_trade_is_a_line_with_full_precision(page, finished):
    head, *rows = rows_of(page.get(reverse("backtests:trades_csv", args=[finished.pk])))
    assert tuple(head) == TRADE_COLUMNS
    assert len(rows) == finished.total_trades
    column = head.index("pnl")
    assert [float(row[column]) for row in rows] == [trade["pnl"] for trade in finished.trades]


def test_the_list_is_exported_as_filtered(page, finished, submit):
    submit()
    everything = rows_of(page.get(reverse("backtests:export")))
    assert tuple(everything[0]) == RESULT_COLUMNS
    assert len(everything) == 3
    assert len(rows_of(page.get(reverse("backtests:export") + "?status=queued"))) == 2


def test_a_strategy_named_like_a_formula_is_harmless_in_the_list(page, finished):
    BacktestResult.objects.update(strategy_name="=HYPERLINK(1)")
    row = rows_of(page.get(reverse("backtests:export")))[1]
    assert row[1] == "'=HYPERLINK(1)"


def test_the_equity_is_exported(page, finished):
    rows = rows_of(page.get(reverse("backtests:equity_csv", args=[finished.pk])))
    assert rows[0] == ["unix_time", "equity", "buy_and_hold", "drawdown"]
    assert float(rows[-1][1]) == finished.final_equity
