"""What the preview process computes is what a run computes, made shorter."""

from dataclasses import replace

import numpy as np
import pytest

from backtests.preview import computing, markets
from backtests.preview.question import Question
from backtests.preview.service import preview_settings
from backtests.services import BacktestService
from backtests.trials import TrialTotals
from marketdata.errors import SnapshotDamaged
from marketdata.store import snapshots

NO_TRIALS = TrialTotals(0, float("nan"), float("nan"))

pytestmark = pytest.mark.django_db


@pytest.fixture
def question(series):
    markets.forget()
    return Question(
        path=snapshots.path_of(series.content_sha256),
        sha256=series.content_sha256,
        strategy_type="ma_crossover",
        parameters={"fast_period": 3, "slow_period": 8},
        configuration=preview_settings(),
        periods_per_year=365.0,
        earlier=NO_TRIALS,
    )


def test_figures_and_curves_are_those_of_a_backtest_with_the_same_settings(question, submit):
    outcome = BacktestService.run_backtest(submit(configuration=preview_settings()))
    told = computing.answer(question)
    assert told["metrics"] == {name: outcome.metrics[name] for name in computing.FIGURES}
    assert told["metrics"]["total_trades"] == len(outcome.trades) == told["trades_marked"] > 10
    rows = outcome.equity_curve  # 400 bars: nothing is thinned
    assert told["market"]["time"] == [row[0] for row in rows]
    assert told["equity"] == pytest.approx([row[1] for row in rows], rel=2e-6)
    assert told["market"]["benchmark"] == pytest.approx([row[2] for row in rows], rel=2e-6)
    assert told["drawdown"] == pytest.approx([row[3] for row in rows], abs=1e-5)
    codes = {doubt["code"] for doubt in told["warnings"]}
    assert codes == {doubt["code"] for doubt in outcome.warnings} - {"data_quality", "lookahead"}


def test_marks_stand_where_the_trades_were(question, submit):
    outcome = BacktestService.run_backtest(submit(configuration=preview_settings()))
    marks = computing.answer(question)["markers"]
    first = outcome.trades[0]
    side = 1 if first["side"] == "long" else -1
    assert marks[0] == [first["entry_bar"], side, 1]
    assert [first["exit_bar"], -side, 0] in marks
    assert len(marks) == 2 * len(outcome.trades)
    assert [mark[0] for mark in marks] == sorted(mark[0] for mark in marks)


def test_a_market_that_is_known_is_left_out_until_something_of_it_changes(question):
    told = computing.answer(question)
    key = told["market"]["key"]
    again = computing.answer(replace(question, known=key, parameters={"fast_period": 5, "slow_period": 9}))
    assert again["market"] is None
    dearer = replace(question, known=key, configuration=preview_settings(5_000.0))
    assert computing.answer(dearer)["market"]["benchmark"] != told["market"]["benchmark"]


def test_lines_of_the_strategy_begin_with_nulls(question):
    lines = computing.answer(question)["overlays"]
    assert [line["name"] for line in lines] == ["SMA 3", "SMA 8"]
    assert lines[1]["values"][:8].count(None) == 7
    assert lines[1]["values"][7] is not None


def test_a_long_series_is_computed_over_its_newest_bars_and_the_newest_trades_are_marked(
    question, monkeypatch
):
    monkeypatch.setattr(markets, "MOST_BARS", 150)
    monkeypatch.setattr(markets, "MOST_POINTS", 50)
    monkeypatch.setattr(computing, "MOST_MARKERS", 6)
    told = computing.answer(question)
    assert (told["bar_count"], told["total_bar_count"]) == (150, 400)
    curves = (told["equity"], told["drawdown"], told["market"]["close"], told["market"]["time"])
    assert {len(curve) for curve in curves} == {50}
    assert told["trades_marked"] == 3 < told["metrics"]["total_trades"]
    assert len(told["markers"]) == 6
    assert max(mark[0] for mark in told["markers"]) <= 49


def test_a_strategy_that_never_trades_has_figures_reasons_and_a_doubt(question):
    told = computing.answer(replace(question, parameters={"fast_period": 390, "slow_period": 399}))
    assert told["metrics"]["total_trades"] == 0
    assert told["metrics"]["win_rate"] is None
    assert told["undefined"]["win_rate"]
    assert "no_trades" in {doubt["code"] for doubt in told["warnings"]}


def test_a_damaged_file_is_refused_and_a_kept_market_is_the_oldest_to_go(question, media_root):
    computing.answer(question)
    (media_root / question.path).unlink()
    computing.answer(question)  # it is open already
    for number in range(markets.KEPT_MARKETS):
        markets._markets[str(number)] = markets._markets[question.sha256]
    markets._markets.pop(question.sha256)
    with pytest.raises(SnapshotDamaged):
        computing.answer(question)


def test_warming_up_meets_every_type_that_can_be_made_of_its_defaults(monkeypatch):
    met = []
    real = computing.BacktestEngine.run_backtest
    monkeypatch.setattr(
        computing.BacktestEngine,
        "run_backtest",
        lambda self, bars, strategy, **more: met.append(strategy.key) or real(self, bars, strategy, **more),
    )
    computing.warm_up()
    assert {"ma_crossover", "rsi", "macd"} <= set(met)
    assert "ml_signal" not in met


def test_numbers_are_shortened_to_what_a_screen_can_show():
    values = np.array([12345.678901, np.nan, -1.0])
    assert computing._shortened(values) == [12345.68, None, -1.0]
    assert computing._shortened(np.array([0.000123456789])) == [0.0001234568]
    assert computing._shortened(np.array([np.nan])) == [None]
