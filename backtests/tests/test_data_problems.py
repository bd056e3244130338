"""A result stands beside the open problems of its data: those within its period, by kind, with their dates."""

import datetime as dt

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backtests import data_problems, verdict
from backtests.preview import computing, markets, process
from backtests.services import BacktestService
from backtests.tests.conftest import url, wavy_bars
from marketdata.bars import Bars
from marketdata.models import Series
from marketdata.services import import_bars
from strategies.services import StrategyService

pytestmark = pytest.mark.django_db
NAMES = ("open", "high", "low", "close", "volume")
COSTS = {"commission": 0.001, "slippage": 0.0005}


def holed_and_halved():
    """Days without 10 to 12 April 2020, and a split on 7 September that nobody adjusted for."""
    bars = wavy_bars()
    later = bars.time >= np.datetime64("2020-09-07")
    columns = {name: np.where(later, getattr(bars, name) / 2.0, getattr(bars, name)) for name in NAMES[:4]}
    columns["volume"] = np.where(later, 2.0 * bars.volume, bars.volume)
    kept = (bars.time < np.datetime64("2020-04-10")) | (bars.time > np.datetime64("2020-04-12"))
    return Bars(time=bars.time[kept], **{name: values[kept] for name, values in columns.items()})


def series_of(user, symbol, bars):
    made = Series.objects.create(user=user, symbol=symbol, timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=made, bars=bars)
    made.refresh_from_db()
    return made


@pytest.fixture
def series(user):
    return series_of(user, "WAVE", holed_and_halved())


def quality_of(result):
    return [doubt for doubt in result.warnings if doubt["code"] == "data_quality"]


def test_a_result_keeps_what_is_open_in_its_period(submit, finish):
    result = finish(submit(configuration=COSTS))
    assert quality_of(result) == [
        {
            "code": "data_quality",
            "problems": [
                {"kind": "split", "severity": "error", "count": 1, "bars": 1, "dates": ["2020-09-07"]},
                {"kind": "gap", "severity": "warning", "count": 1, "bars": 3, "dates": ["2020-04-10"]},
            ],
        }
    ]


@pytest.mark.parametrize(
    ("start", "end", "kinds"),
    [
        (dt.date(2020, 4, 13), dt.date(2020, 9, 6), []),
        (dt.date(2020, 4, 11), dt.date(2020, 9, 6), ["gap"]),
        (dt.date(2020, 5, 1), dt.date(2020, 12, 1), ["split"]),
        (dt.date(2020, 9, 8), dt.date(2021, 1, 1), []),
    ],
)
def test_what_lies_outside_of_the_period_is_not_counted_against_a_run(submit, finish, start, end, kinds):
    result = finish(submit(configuration=COSTS, start_date=start, end_date=end))
    found = [problem["kind"] for doubt in quality_of(result) for problem in doubt["problems"]]
    assert found == kinds


def test_the_page_and_the_api_show_kind_number_and_dates(page, api, submit, finish):
    result = finish(submit(configuration=COSTS))
    shown = page.get(url("detail", result.pk)).content.decode()
    assert 'data-verdict="data_quality"' in shown
    assert "1 suspected split that was not adjusted: 2020-09-07" in shown
    assert "1 gap (3 bars are missing): 2020-04-10" in shown
    told = api.get(f"/api/backtests/{result.pk}/").json()["warnings"]
    (warning,) = [item for item in told if item["code"] == "data_quality"]
    assert warning["severe"] is True
    assert [(item["kind"], item["count"], item["dates"]) for item in warning["problems"]] == [
        ("split", 1, ["2020-09-07"]),
        ("gap", 1, ["2020-04-10"]),
    ]
    assert all(item["problems"] == [] for item in told if item["code"] != "data_quality")


def test_data_without_open_problems_raises_no_doubt(user, strategy, finish):
    clean = series_of(user, "WAVE", wavy_bars())
    result = finish(BacktestService.submit(user=user, strategy=strategy, series=clean, configuration=COSTS))
    assert quality_of(result) == []


def test_over_several_symbols_each_is_named(user, series, finish):
    series_of(user, "TIDE", wavy_bars())
    series_of(user, "SURF", holed_and_halved())
    even = StrategyService.create(
        user=user, name="Even", strategy_type="equal_weight", symbol="TIDE", other_symbols=["WAVE", "SURF"]
    )
    result = finish(BacktestService.submit(user=user, strategy=even, configuration=COSTS))
    (doubt,) = quality_of(result)
    assert [(item["symbol"], item["kind"]) for item in doubt["problems"]] == [
        ("WAVE", "split"),
        ("WAVE", "gap"),
        ("SURF", "split"),
        ("SURF", "gap"),
    ]
    (said,) = [item for item in result.verdicts if item.code == "data_quality"]
    assert "SURF: 1 suspected split that was not adjusted: 2020-09-07" in said.words


def test_a_preview_says_so_too_and_asks_once(page, series, monkeypatch):
    monkeypatch.setattr(process, "ask", lambda question, *, asker: computing.answer(question))
    markets.forget()
    body = {
        "strategy_type": "ma_crossover",
        "parameters": {"fast_period": 3, "slow_period": 8, "ma_type": "sma"},
        "symbol": "WAVE",
        "timeframe": "1d",
        "initial_capital": 10_000,
    }
    queries = []
    for _time in range(2):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            told = page.post("/strategies/preview/", body, content_type="application/json").json()
        queries.append(sum('"quality"' in query["sql"] for query in captured))
        (warning,) = [item for item in told["warnings"] if item["code"] == "data_quality"]
        assert [item["kind"] for item in warning["problems"]] == ["split", "gap"]
    assert queries == [1, 0]


def test_results_of_earlier_versions_keep_their_words():
    stored = [{"code": "data_quality", "counts": {"missing_bars": 9, "split_count": 1}}]
    (said,) = verdict.in_words(stored)
    assert said.words == "The price data has open quality problems: 9 missing bars, 1 suspected splits."
    assert (said.details, said.problems, said.severe) == ((), (), False)


def test_reports_of_earlier_versions_are_read_by_their_counts():
    day = dt.date(2020, 1, 1)
    found = data_problems.of_report({"grade": "poor", "missing_bars": 9, "split_count": 1}, day, day)
    assert [(item["kind"], item["count"], item["severity"]) for item in found] == [
        ("split", 1, "error"),
        ("gap", 9, "warning"),
    ]
    assert data_problems.of_report({"grade": "good", "missing_bars": 9}, day, day) == []
    assert data_problems.of_report({}, day, day) == []


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (
            {"kind": "stale", "count": 7, "bars": 60, "dates": ["2020-01-02", "2020-02-03"]},
            "7 stretches of standing prices (60 bars): 2020-01-02, 2020-02-03 …",
        ),
        (
            {"kind": "coverage", "count": 1, "bars": 812, "coverage": 0.875, "dates": ["2020", "2021"]},
            "only 87.5\u202f% of the expected bars are there (812 are missing): 2020, 2021",
        ),
        ({"kind": "outlier", "count": 1, "bars": 1, "dates": []}, "1 move that is most likely a wrong price"),
    ],
)
def test_problems_are_said_in_plain_words(problem, words):
    assert data_problems.in_words(problem) == words


def test_many_problems_are_summed_up_in_the_sentence():
    said = data_problems.summary([f"p{place}" for place in range(9)])
    assert said == "p0; p1; p2; p3; p4; p5; and 3 more"
