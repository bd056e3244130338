"""A long run keeps its row small, and its pages, API and files still show all of it."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from algotrade.jobs import services as jobs
from algotrade.jobs.models import Job
from backtests import curves, long_runs, outcome
from backtests.errors import ResultDamaged
from backtests.exports import equity_csv, trades_csv
from backtests.models import BacktestResult, ResultColumns
from backtests.services import BacktestService
from backtests.tests.conftest import url

pytestmark = pytest.mark.django_db
FEW = 12


@pytest.fixture
def short_rows(monkeypatch):
    """400 bars and some dozens of trades are a long run."""
    monkeypatch.setattr(curves, "MAX_POINTS", 50)
    monkeypatch.setattr(curves.keep_extremes, "__defaults__", (50, ()))
    monkeypatch.setattr("backtests.models.result.MAX_POINTS", 50)
    for module in (long_runs, outcome):
        monkeypatch.setattr(module, "MOST_TRADES", FEW)
    monkeypatch.setattr("backtests.models.result.MOST_TRADES", FEW)


@pytest.fixture
def long_result(submit, finish, finished, short_rows):
    """The same run as `finished`, kept as a long one."""
    return finish(submit(configuration=finished.configuration))


def stored_files():
    return [path for path in (Path(settings.MEDIA_ROOT) / "results").rglob("*") if path.is_file()]


def test_a_run_that_fits_its_row_has_no_files(finished):
    assert len(finished.trades) > FEW
    assert finished.all_trades == finished.trades
    assert not ResultColumns.objects.exists()
    assert stored_files() == []


def test_the_row_of_a_long_run_holds_the_newest_trades_and_thinned_curves(finished, long_result):
    assert long_result.trades == finished.trades[-FEW:]
    assert len(long_result.equity_curve) <= 50
    assert len(stored_files()) == 2


def test_all_of_it_is_read_back_as_if_it_were_short(finished, long_result):
    assert list(long_result.all_trades) == finished.trades
    assert long_result.all_trades[-3:] == finished.trades[-3:]
    assert long_result.all_trades[5] == finished.trades[5]
    assert list(long_result.all_equity_rows) == finished.equity_curve


def test_its_files_are_those_of_a_short_run(finished, long_result):
    for made in (trades_csv, equity_csv):
        assert b"".join(made(long_result).streaming_content) == b"".join(made(finished).streaming_content)


@pytest.mark.parametrize(
    "sort", ["", "pnl", "-pnl", "side", "-side", "reason", "-reason", "-exit_time", "fees"]
)
def test_pages_of_trades_are_those_of_a_short_run(finished, long_result, sort, page):
    def table(result):
        answer = page.get(url("detail", result.pk), {"trades_sort": sort, "trades_page": 1})
        return answer.context["trades_page"].paginator.count, answer.context["trades_page"].object_list

    assert table(long_result) == table(BacktestResult.objects.get(pk=finished.pk))


def test_the_page_says_which_trades_the_chart_marks(finished, long_result, page):
    said = f"The chart marks the newest {FEW} trades"
    assert said in page.get(url("detail", long_result.pk)).content.decode()
    marks = page.get(url("candles_data", long_result.pk)).json()["markers"]
    assert len(marks) == 2 * FEW


def test_api_and_files_give_every_trade_and_every_bar(finished, long_result, page, api):
    answer = api.get(f"/api/backtests/{long_result.pk}/trades/?page_size=200").json()
    assert answer["count"] == len(finished.trades)
    assert len(answer["results"]) == min(200, len(finished.trades))
    rows = csv_of(page, "trades_csv", long_result)
    assert rows == csv_of(page, "trades_csv", finished)
    assert csv_of(page, "equity_csv", long_result) == csv_of(page, "equity_csv", finished)


def csv_of(page, name, result):
    content = b"".join(page.get(url(name, result.pk)).streaming_content).decode()
    return list(csv.reader(io.StringIO(content)))


def test_the_files_go_with_the_result(long_result, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        BacktestService.delete([long_result])
    assert stored_files() == []


@pytest.mark.django_db(transaction=True)
def test_a_run_that_did_not_succeed_leaves_no_files(submit, short_rows):
    result = submit()
    long_runs.files.write(result.pk, {"equity": np.zeros(3)})
    jobs.request_cancel(Job.objects.get(pk=result.job_id))
    assert stored_files() == []


def test_a_file_that_is_gone_says_what_to_do(long_result):
    for path in stored_files():
        path.unlink()
    with pytest.raises(ResultDamaged, match="Run it again"):
        len(long_result.all_trades)


def test_trades_of_one_symbol_are_picked_out():
    trades = long_runs.StoredTrades(
        {
            "qty": np.array([1.0, -1.0, 2.0]),
            "pnl": np.array([3.0, np.nan, 1.0]),
            "symbol": np.array(["KO", "PEP", "KO"]),
        }
    )
    assert [row["pnl"] for row in trades.of_symbol("KO").sorted_by("pnl", descending=False)] == [1.0, 3.0]
    assert [row["pnl"] for row in trades.sorted_by("pnl", descending=True)] == [3.0, 1.0, None]
    assert [row["side"] for row in trades.sorted_by("side", descending=False)] == ["long", "long", "short"]
