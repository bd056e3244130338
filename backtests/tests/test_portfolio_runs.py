"""Runs over several symbols: what is checked, frozen, computed and kept."""

import datetime as dt

import numpy as np
import pytest

from backtests.engine import PortfolioConfig, simulate_portfolio
from backtests.errors import BacktestRefused
from backtests.models import Leg
from backtests.services import BacktestService
from backtests.tests.conftest import wavy_bars
from marketdata.errors import SeriesInUse
from marketdata.models import Series
from marketdata.panel import Panel
from marketdata.services import delete_series, import_bars
from strategies.services import StrategyService

pytestmark = pytest.mark.django_db
CONFIGURATION = {"commission": 0.001, "slippage": 0.0005}


def make_series(user, symbol, bars, calendar="24/7", timeframe="1d"):
    made = Series.objects.create(
        user=user, symbol=symbol, timeframe=timeframe, source="csv", calendar=calendar, name=symbol
    )
    import_bars(series=made, bars=bars)
    made.refresh_from_db()
    return made


def steps(bars, factor):
    """Other prices on the same days."""
    columns = {name: getattr(bars, name) ** factor for name in ("open", "high", "low", "close")}
    return type(bars)(time=bars.time, volume=bars.volume, **columns)


@pytest.fixture
def tide(user):
    return make_series(user, "TIDE", steps(wavy_bars(300, "2020-02-01"), 1.1), calendar="exchange")


@pytest.fixture
def even(user):
    return StrategyService.create(
        user=user, name="Even", strategy_type="equal_weight", symbol="WAVE", other_symbols=["TIDE"]
    )


def refusal(**asked):
    with pytest.raises(BacktestRefused) as caught:
        BacktestService.submit(**asked)
    return caught.value.fields


def test_a_run_takes_the_series_of_each_symbol_and_the_days_they_share(user, even, series, tide):
    result = BacktestService.submit(user=user, strategy=even, configuration=CONFIGURATION)
    assert [(leg.symbol, leg.series, leg.snapshot_sha256) for leg in result.legs.all()] == [
        ("WAVE", series, series.content_sha256),
        ("TIDE", tide, tide.content_sha256),
    ]
    assert (result.symbol, result.series, result.snapshot_sha256) == ("WAVE", series, series.content_sha256)
    assert (result.start_date, result.end_date) == (dt.date(2020, 2, 1), dt.date(2020, 11, 26))
    # The type brings its period of rebalancing; the rows of the fuller calendar make the year.
    assert result.configuration["rebalance"] == "month"
    assert result.periods_per_year == 365


def test_a_finished_run_is_what_the_engine_says(user, even, series, tide, finish):
    settings = {**CONFIGURATION, "rebalance": "bars", "rebalance_every": 20}
    result = finish(BacktestService.submit(user=user, strategy=even, configuration=settings))
    panel = Panel.of(
        {
            "WAVE": wavy_bars().slice("2020-02-01", "2020-11-26"),
            "TIDE": steps(wavy_bars(300, "2020-02-01"), 1.1),
        }
    )
    config = PortfolioConfig(**settings)
    sim = simulate_portfolio(panel, np.full((300, 2), 0.5), config, periods_per_year=365)
    assert result.final_equity == pytest.approx(sim.final_equity)
    assert result.bar_count == 300
    assert result.total_trades == len(result.trades) == len(sim.trades)
    assert {trade["symbol"] for trade in result.trades} == {"WAVE", "TIDE"}
    legs = list(result.legs.all())
    assert [leg.pnl for leg in legs] == pytest.approx([part.pnl for part in sim.contributions])
    assert sum(leg.contribution for leg in legs) == pytest.approx(result.total_return)
    assert sum(leg.total_trades for leg in legs) == result.total_trades
    assert [leg.average_weight for leg in legs] == pytest.approx([0.5, 0.5], abs=0.05)
    assert [leg.fees_paid for leg in legs] == pytest.approx([part.fees_paid for part in sim.contributions])
    assert len(result.equity_curve) == 300


def test_running_again_reads_the_same_bytes(user, even, series, tide, finish):
    first = finish(BacktestService.submit(user=user, strategy=even, configuration=CONFIGURATION))
    later = steps(wavy_bars(5, "2021-06-01"), 1.0)
    import_bars(series=tide, bars=later)
    again = finish(BacktestService.rerun(first))
    assert [leg.snapshot_id for leg in again.legs.all()] == [leg.snapshot_id for leg in first.legs.all()]
    assert again.equity_curve == first.equity_curve


def test_legs_may_be_named_and_replace_what_the_strategy_means(user, even, series, tide):
    other = make_series(user, "MOON", steps(wavy_bars(), 0.9))
    result = BacktestService.submit(user=user, strategy=even, legs=[tide, other])
    assert [leg.symbol for leg in result.legs.all()] == ["TIDE", "MOON"]
    assert result.symbol == "TIDE"


def test_a_symbol_without_data_is_named(user, even, series):
    assert refusal(user=user, strategy=even)["legs"] == [
        "You have no 1d data for TIDE. Import it, or choose other series."
    ]


def test_a_stranger_s_series_is_no_leg(user, other_user, even, series):
    theirs = make_series(other_user, "TIDE", wavy_bars())
    assert "TIDE" in refusal(user=user, strategy=even)["legs"][0]
    with pytest.raises(Exception, match="no such series"):
        BacktestService.submit(user=user, strategy=even, legs=[series, theirs])


def test_legs_that_do_not_fit_are_refused_in_words(user, even, series, tide):
    hourly = make_series(user, "HOUR", wavy_bars(), timeframe="1h")
    assert (
        "1 series were named and the strategy trades 2"
        in refusal(user=user, strategy=even, legs=[tide])["legs"][0]
    )
    assert "WAVE is there twice" in refusal(user=user, strategy=even, legs=[series, series])["legs"][0]
    assert "1d, 1h" in refusal(user=user, strategy=even, legs=[series, hourly])["legs"][0]
    said = refusal(user=user, strategy=even, series=tide, legs=[series, tide])
    assert "not the first of the legs" in said["series"][0]


def test_symbols_without_a_common_day_need_both_days_named(user, even, series):
    make_series(user, "TIDE", wavy_bars(50, "2024-01-01"))
    said = refusal(user=user, strategy=even)["start_date"][0]
    assert "no days in common (WAVE 2020-01-01 – 2021-02-03; TIDE 2024-01-01 – 2024-02-19)" in said
    union = {"start_date": dt.date(2020, 12, 1), "end_date": dt.date(2024, 2, 19)}
    result = BacktestService.submit(user=user, strategy=even, **union)
    assert (result.start_date, result.end_date) == (union["start_date"], union["end_date"])


def test_a_period_must_lie_in_the_data_and_hold_every_symbol(user, even, series, tide):
    early = {"start_date": dt.date(2020, 1, 1), "end_date": dt.date(2020, 1, 20)}
    assert "TIDE has no bars in this period" in refusal(user=user, strategy=even, **early)["start_date"][0]
    outside = {"start_date": dt.date(2019, 1, 1)}
    assert "outside the data of all symbols" in refusal(user=user, strategy=even, **outside)["start_date"][0]
    turned = {"start_date": dt.date(2020, 10, 1), "end_date": dt.date(2020, 9, 1)}
    assert "swap them" in refusal(user=user, strategy=even, **turned)["start_date"][0]


def test_a_period_that_is_too_short_for_the_warm_up_says_how_long_it_must_be(user, series, tide):
    pair = StrategyService.create(
        user=user, name="Pair", strategy_type="pairs", symbol="WAVE", other_symbols=["TIDE"]
    )
    few = {"start_date": dt.date(2020, 2, 1), "end_date": dt.date(2020, 3, 1)}
    assert (
        "holds 30 bars; this run needs at least 60"
        in refusal(user=user, strategy=pair, **few)["start_date"][0]
    )


def test_settings_of_single_runs_are_refused_for_portfolios_and_the_other_way_round(
    user, even, strategy, series, tide
):
    said = refusal(user=user, strategy=even, configuration={"stop_loss": 0.1, "rebalance": "year"})
    assert "does not act on a portfolio" in said["configuration.stop_loss"][0]
    assert "Choose one of" in said["configuration.rebalance"][0]
    said = refusal(user=user, strategy=strategy, series=series, configuration={"rebalance": "month"})
    assert "rebalance is not a setting" in said["configuration.rebalance"][0]
    assert "trades one symbol" in refusal(user=user, strategy=strategy, legs=[series, tide])["legs"][0]


def test_pairs_and_volatility_target_run_too(user, series, tide, finish):
    settings = {"lookback": 20, "entry": 1.0}
    pair = StrategyService.create(
        user=user,
        name="Pair",
        strategy_type="pairs",
        symbol="WAVE",
        other_symbols=["TIDE"],
        parameters=settings,
    )
    result = finish(BacktestService.submit(user=user, strategy=pair, configuration=CONFIGURATION))
    assert {trade["side"] for trade in result.trades} == {"long", "short"}
    assert result.overlays[0]["name"] == "Spread (deviations)"
    one = StrategyService.create(user=user, name="Calm", strategy_type="volatility_target", symbol="WAVE")
    calm = finish(BacktestService.submit(user=user, strategy=one, configuration=CONFIGURATION))
    assert [leg.symbol for leg in calm.legs.all()] == ["WAVE"]
    assert calm.legs.get().pnl == pytest.approx(calm.metrics["net_profit"])


def test_doubts_count_for_portfolios(user, even, series, tide, finish):
    result = finish(BacktestService.submit(user=user, strategy=even))
    codes = {doubt["code"] for doubt in result.warnings}
    assert "no_costs" in codes
    assert "lookahead" not in codes


def test_a_series_that_a_leg_was_computed_from_cannot_be_deleted(user, even, series, tide):
    result = BacktestService.submit(user=user, strategy=even)
    with pytest.raises(SeriesInUse):
        delete_series(tide)
    BacktestService.delete([result])
    assert not Leg.objects.exists()
    delete_series(tide)


def test_deleting_a_user_takes_the_legs_along(user, even, series, tide):
    BacktestService.submit(user=user, strategy=even)
    user.delete()
    assert not Leg.objects.exists()
