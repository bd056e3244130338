"""The preview of types that hold weights of symbols in one account."""

import math
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backtests.models import TrialCount
from backtests.preview import computing, markets
from backtests.preview.errors import PreviewRefused
from backtests.preview.service import preview_settings
from backtests.preview.thinning import Moments
from backtests.services import BacktestService
from backtests.tests.conftest import wavy_bars
from backtests.tests.test_portfolio_runs import make_series, steps, tide
from marketdata.bars import Bars
from strategies.registry import get_strategy_class
from strategies.services import StrategyService

from .test_views import API_URL, HOSTILE, send

__all__ = ["tide"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def body():
    return {
        "strategy_type": "equal_weight",
        "parameters": {"invested": 0.9},
        "symbol": "WAVE",
        "other_symbols": ["TIDE"],
        "timeframe": "1d",
        "initial_capital": 10_000,
    }


PAIRS = {"strategy_type": "pairs", "parameters": {"lookback": 20, "entry": 1.5}}
ONE = {"strategy_type": "volatility_target", "parameters": {"lookback": 10}, "other_symbols": []}


@pytest.mark.parametrize("change", [{}, PAIRS, ONE], ids=["equal_weight", "pairs", "volatility_target"])
def test_figures_and_curves_are_those_of_a_run_with_the_same_settings(
    page,
    user,
    series,
    tide,
    asked,
    body,
    change,
):
    said = body | change
    told = send(page, said).json()
    strategy = StrategyService.create(user=user, name="Same", **said)
    strategy_class = get_strategy_class(said["strategy_type"])
    settings = preview_settings(strategy_class=strategy_class)
    result = BacktestService.submit(user=user, strategy=strategy, configuration=settings)
    outcome = BacktestService.run_backtest(result)
    assert told["configuration"] == result.configuration
    assert told["periods_per_year"] == result.periods_per_year == 365
    assert told["metrics"] == {name: outcome.metrics[name] for name in computing.FIGURES}
    assert told["metrics"]["total_trades"] == len(outcome.trades)
    rows = outcome.equity_curve  # less than 600 bars: nothing is thinned
    assert told["market"]["time"] == [row[0] for row in rows]
    assert told["market"]["start"] == str(result.start_date)
    assert told["equity"] == pytest.approx([row[1] for row in rows], rel=2e-6)
    assert told["market"]["benchmark"] == pytest.approx([row[2] for row in rows], rel=2e-6)
    assert told["drawdown"] == pytest.approx([row[3] for row in rows], abs=1e-5)
    codes = {doubt["code"] for doubt in told["warnings"]}
    assert codes == {doubt["code"] for doubt in outcome.warnings} - {"data_quality", "lookahead"}
    assert [leg["symbol"] for leg in told["legs"]] == strategy.symbols
    assert told["marks"] == "positions"
    assert all(line["values"][-1] is not None for line in told["overlays"])


def test_marks_are_where_the_first_position_is_opened_turned_and_left():
    # Bought at bar 1, more at bar 2, turned at bar 3, left at bar 4; bought at bar 6 and left at the end of the data.
    held = np.array([0.0, 2.0, 3.0, -1.0, 0.0, 0.0, 5.0, 4.0])
    marks, positions = computing._position_markers(held, Moments(8, 600))
    assert marks == [[1, 1, 1], [3, -1, 0], [3, -1, 1], [4, 1, 0], [6, 1, 1], [7, -1, 0]]
    assert positions == 3
    assert computing._position_markers(np.zeros(8), Moments(8, 600)) == ([], 0)


def test_the_newest_positions_are_marked(monkeypatch):
    monkeypatch.setattr(computing, "MOST_MARKERS", 4)
    held = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    marks, positions = computing._position_markers(held, Moments(6, 600))
    assert ([mark[0] for mark in marks], positions) == ([2, 3, 4, 5], 2)


def test_the_price_is_the_first_symbols_last_one_and_none_before_its_first(page, user, asked, body):
    whole = wavy_bars(30)
    later = Bars(**{name: getattr(whole, name)[np.r_[1:10, 12:30]] for name in whole.__slots__})
    shifted = replace(later, time=later.time + np.timedelta64(1, "h"))
    first = make_series(user, "LATE", shifted, timeframe="1h")
    other = replace(whole, time=whole.time.astype("datetime64[h]").astype("datetime64[ns]"))
    make_series(user, "FULL", other, timeframe="1h")
    told = send(page, body | {"symbol": "LATE", "other_symbols": ["FULL"], "timeframe": "1h"}).json()
    assert told["series"] == first.pk
    assert told["market"]["close"][0] is None  # FULL begins an hour before LATE on the first day they share
    assert told["market"]["close"][1:3] == pytest.approx([later.close[0]] * 2, rel=1e-6)


def test_a_panel_is_kept_and_a_leg_stays_open_beside_another_symbol(page, user, series, tide, asked, body):
    make_series(user, "EBB", steps(wavy_bars(300, "2020-02-01"), 0.9))  # on the days of TIDE
    send(page, body)
    panel = next(iter(markets._panels.values()))
    key = send(page, body).json()["market"]["key"]
    assert send(page, body | {"parameters": {"invested": 0.5}, "known": key}).json()["market"] is None
    assert [kept is panel for kept in markets._panels.values()] == [True]
    other = send(page, body | {"other_symbols": ["EBB"], "known": key}).json()
    assert other["market"]["key"] != key
    assert (len(markets._panels), len(markets._legs)) == (2, 3)
    assert TrialCount.objects.get().count == 3


def test_long_panels_are_cut_to_their_newest_rows(page, series, tide, asked, body, monkeypatch):
    monkeypatch.setattr(markets, "MOST_VALUES", 100)  # of both symbols together
    monkeypatch.setattr(markets, "MOST_POINTS", 20)
    told = send(page, body).json()
    assert (told["bar_count"], told["total_bar_count"]) == (50, 300)
    assert len(told["equity"]) == len(told["market"]["close"]) == 20


def test_the_trial_counts_on_the_first_symbols_series_with_its_sharpe_ratio(
    page,
    user,
    series,
    tide,
    asked,
    body,
):
    told = send(page, body | {"symbol": "TIDE", "other_symbols": ["WAVE"]}).json()
    row = TrialCount.objects.get()
    assert (row.user, row.series, row.strategy_type) == (user, tide, "equal_weight")
    # 365 rows a year, as of the fullest calendar, though TIDE's own has 252.
    assert row.sharpe_sum == pytest.approx(told["metrics"]["sharpe_ratio"] / math.sqrt(365))
    assert told["trials"]["count"] == 1


def test_page_and_script_agree_and_a_stranger_is_shown_no_leg(
    page,
    page_other,
    api,
    api_other,
    other_user,
    series,
    tide,
    asked,
    body,
):
    shown = send(page, body).json()
    assert api.post(API_URL, body, format="json").json()["metrics"] == shown["metrics"]
    make_series(other_user, "WAVE", wavy_bars(300))
    count = len(asked)
    for response in (send(page_other, body), api_other.post(API_URL, body, format="json")):
        assert response.json()["code"] == "preview_no_data"
        assert list(response.json()["fields"]) == ["other_symbols"]
        assert "no 1d data for TIDE" in response.json()["fields"]["other_symbols"][0]
    assert len(asked) == count


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"other_symbols": []}, {"other_symbols": "needs 1 to 19 other symbols, not 0"}),
        ({"other_symbols": "TIDE"}, {"other_symbols": "as a list"}),
        ({"other_symbols": ["wave"]}, {"other_symbols": "WAVE is named twice"}),
        ({"other_symbols": ["$!"]}, {"other_symbols": "is not a symbol"}),
        ({"other_symbols": ["TIDE", "NOPE", "NONE"]}, {"other_symbols": "no 1d data for NOPE, NONE. Import"}),
        (
            {"symbol": "GONE", "other_symbols": ["NONE"]},
            {"symbol": "data for GONE. Import", "other_symbols": "data for NONE"},
        ),
        (PAIRS | {"other_symbols": ["TIDE", "NOPE"]}, {"other_symbols": "as this type needs: 1, not 2"}),
        ({"strategy_type": "rsi", "parameters": {}}, {"other_symbols": "trades one symbol"}),
        (ONE | {"other_symbols": ["TIDE"]}, {"other_symbols": "trades one symbol"}),
        ({"symbol": ""}, {"symbol": "Choose a symbol"}),
        ({"parameters": {"invested": 3}}, {"parameters.invested": "3"}),
    ],
)
def test_what_cannot_be_computed_is_told_by_field(page, series, tide, asked, body, change, fields):
    response = send(page, body | change)
    assert response.status_code == 422
    told = response.json()["fields"]
    assert set(told) == set(fields)
    assert all(words in told[name][0] for name, words in fields.items())
    assert asked == []


def test_symbols_that_share_no_day_or_no_bar_are_refused_with_words(page, user, series, asked, body):
    make_series(user, "PAST", wavy_bars(50, "2010-01-01"))
    response = send(page, body | {"other_symbols": ["PAST"]})
    assert response.status_code == 422
    assert "PAST 2010-01-01 – 2010-02-19" in response.json()["fields"]["other_symbols"][0]
    assert asked == []
    ends = wavy_bars(400)
    gap = Bars(**{name: getattr(ends, name)[[0, 399]] for name in ends.__slots__})
    make_series(user, "HOLE", gap)
    make_series(user, "MID", wavy_bars(100, "2020-03-01"))
    response = send(page, body | {"symbol": "HOLE", "other_symbols": ["MID"]})
    assert response.status_code == 422
    assert "HOLE has no bars from 2020-03-01 to 2020-06-08" in response.json()["detail"]


def test_a_leg_without_bars_among_the_newest_is_refused(page, user, series, asked, body, monkeypatch):
    ends = wavy_bars(400)
    make_series(user, "OLD", Bars(**{name: getattr(ends, name)[[0, 1, 399]] for name in ends.__slots__}))
    monkeypatch.setattr(markets, "MOST_VALUES", 20)
    whole = send(page, body | {"other_symbols": ["OLD"]})
    assert whole.status_code == 200
    question = replace(asked[-1], end="2020-12-31")
    markets.forget()
    with pytest.raises(PreviewRefused, match="OLD has no bars among the newest 10"):
        computing.answer(question)


def test_hostile_symbols_never_break_anything(page, api, series, tide, asked, body):
    seen = set()
    for value in [
        *HOSTILE,
        ["TIDE", None],
        [["TIDE"]],
        ["A"] * 5000,
        [f"S{number}" for number in range(60_000)],
    ]:
        seen.add(send(page, body | {"other_symbols": value}).status_code)
        seen.add(send(page, body | {"other_symbols": [value]}).status_code)
        for name in ("symbol", "timeframe", "initial_capital"):
            seen.add(send(page, body | {name: value}).status_code)
        assert api.post(API_URL, body | {"other_symbols": value}, format="json").status_code == 400
    assert seen <= {200, 400, 422}


def test_damaged_files_of_any_leg_are_written_anew(page, series, tide, asked, body, media_root):
    for path in media_root.rglob("*.npy"):
        path.unlink()
    assert send(page, body).status_code == 200
    assert len(asked) == 2


def test_several_symbols_cost_no_query_more_than_one(page, series, tide, asked, body):
    send(page, body)
    with CaptureQueriesContext(connection) as queries:
        send(page, body | {"parameters": {"invested": 0.4}})
    assert len(queries) == 5


def test_the_form_has_the_panel_and_says_when_it_is_rebalanced(page, series, monkeypatch):
    monkeypatch.setattr(
        "backtests.preview.process.responder", lambda: type("R", (), {"warm": lambda self: 1})()
    )
    for kind, words in (("equal_weight", "rebalanced each month"), ("pairs", "when the weights change")):
        html = page.get(reverse("strategies:create_of_type", args=[kind])).content.decode()
        assert "data-preview-box" in html
        assert "no live preview" not in html
        assert words in html


def test_warming_up_meets_the_types_that_hold_weights(monkeypatch):
    met = []
    real = computing.PortfolioEngine.run_backtest
    monkeypatch.setattr(
        computing.PortfolioEngine,
        "run_backtest",
        lambda self, panel, strategy, **more: met.append(strategy.key) or real(self, panel, strategy, **more),
    )
    computing.warm_up()
    assert {"equal_weight", "pairs", "volatility_target"} <= set(met)


def test_the_form_begins_with_symbols_that_can_be_tried_at_once(page, user, other_user, series):
    for symbol in ("CREST", "EBB", "FOAM", "GYRE"):
        make_series(user, symbol, wavy_bars(30))
    make_series(user, "BELL", wavy_bars(30), calendar="exchange")
    make_series(other_user, "AWAY", wavy_bars(30))

    def first_value(kind, more=""):
        return page.get(f"/strategies/new/{kind}/?symbol=wave{more}").context["form"]["other_symbols"].value()

    assert first_value("equal_weight") == "CREST, EBB, FOAM"
    assert first_value("pairs") == "CREST"
    assert first_value("pairs", "&other_symbols=GYRE") == "GYRE"
    assert first_value("pairs", "&timeframe=1h") == ""
