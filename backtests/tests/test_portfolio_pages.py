"""Pages of runs over several symbols: the form and the result."""

import re

import pytest

from backtests.models import BacktestResult
from backtests.services import BacktestService
from backtests.tests.test_portfolio_runs import (  # noqa: F401  fixtures
    CONFIGURATION,
    even,
    make_series,
    tide,
    wavy_bars,
)
from strategies.models import Strategy

pytestmark = pytest.mark.django_db
COSTS = {"commission": "0.1", "slippage": "0.05", "spread": "0"}


@pytest.fixture
def ended(user, even, series, tide, finish):  # noqa: F811
    return finish(BacktestService.submit(user=user, strategy=even, configuration=CONFIGURATION))


def asked_for(strategy, series, **changes):
    plain = {"strategy": strategy.pk, "series": series.pk, "initial_capital": "10000", **COSTS}
    return {**plain, "allow_short": "on", **changes}


def test_the_form_of_a_strategy_asks_for_its_other_symbols(page):
    shown = page.get("/strategies/new/pairs/").content.decode()
    assert 'name="other_symbols"' in shown
    assert 'name="other_symbols"' not in page.get("/strategies/new/rsi/").content.decode()
    given = {
        "name": "Colas",
        "symbol": "KO",
        "timeframe": "1d",
        "initial_capital": "5000",
        "parameters-invested": "1",
    }
    page.post("/strategies/new/equal_weight/", {**given, "other_symbols": "pep, mnst;  KDP"})
    saved = Strategy.objects.get()
    assert saved.other_symbols == ["PEP", "MNST", "KDP"]
    again = page.get(f"/strategies/{saved.pk}/edit/").content.decode()
    assert 'value="PEP, MNST, KDP"' in again
    assert "KO, PEP, MNST, KDP" in page.get(f"/strategies/{saved.pk}/").content.decode()


def test_a_wrong_number_of_symbols_is_told_beside_the_field(page):
    given = {
        "name": "P",
        "symbol": "KO",
        "timeframe": "1d",
        "initial_capital": "5000",
        "other_symbols": "A, B",
    }
    given |= {"parameters-lookback": "60", "parameters-entry": "2", "parameters-exit": "0.5"}
    refused = page.post("/strategies/new/pairs/", {**given, "parameters-hedge": "ratio"})
    assert refused.status_code == 422
    assert "as this type needs: 1, not 2" in refused.content.decode()


def test_the_run_form_offers_a_series_for_each_symbol(page, even, series, tide):  # noqa: F811
    shown = page.get(f"/backtests/new/?strategy={even.pk}").content.decode()
    legs = re.search(r'<div class="leg-choices".*?</div>', shown, re.S)[0]
    assert legs.count("<select") == 1
    assert f'<option value="{tide.pk}" selected>' in legs
    # The days that both share.
    assert 'value="2020-02-01"' in shown
    assert 'value="2020-11-26"' in shown


def test_a_run_is_started_with_the_chosen_series(page, user, even, series, tide):  # noqa: F811
    moon = make_series(user, "MOON", wavy_bars())
    given = asked_for(even, tide, legs=[moon.pk], rebalance="bars", rebalance_every="10", cash_buffer="2")
    assert page.post("/backtests/new/", given).status_code == 302
    result = BacktestResult.objects.get()
    assert [leg.symbol for leg in result.legs.all()] == ["TIDE", "MOON"]
    settings = {name: result.configuration[name] for name in ("rebalance", "rebalance_every", "cash_buffer")}
    assert settings == {"rebalance": "bars", "rebalance_every": 10, "cash_buffer": 0.02}


def test_without_a_script_the_series_that_the_strategy_means_are_taken(page, even, series, tide):  # noqa: F811
    assert page.post("/backtests/new/", asked_for(even, series, sizing="all_in")).status_code == 302
    result = BacktestResult.objects.get()
    assert [leg.symbol for leg in result.legs.all()] == ["WAVE", "TIDE"]
    assert result.configuration["rebalance"] == "month"


def test_settings_that_do_not_fit_are_refused_beside_their_field(page, even, strategy, series, tide):  # noqa: F811
    refused = page.post("/backtests/new/", asked_for(even, series, stop_loss="5"))
    assert refused.status_code == 422
    assert "does not act on a portfolio" in refused.content.decode()
    refused = page.post("/backtests/new/", asked_for(strategy, series, sizing="all_in", rebalance="week"))
    assert refused.status_code == 422
    assert not BacktestResult.objects.exists()


def test_another_user_s_series_cannot_be_chosen(page, other_user, even, series, tide):  # noqa: F811
    theirs = make_series(other_user, "MOON", wavy_bars())
    refused = page.post("/backtests/new/", asked_for(even, series, legs=[theirs.pk]))
    assert refused.status_code == 422
    assert "Choose a series for symbol number 2" in refused.content.decode()


def test_the_form_repeats_an_earlier_run(page, ended, tide):  # noqa: F811
    shown = page.get(f"/backtests/new/?from={ended.pk}").content.decode()
    assert f'<option value="{tide.pk}" selected>' in shown
    assert '<option value="month" selected>' in shown
    assert "only the API knows" not in shown


def test_the_result_shows_what_each_symbol_contributed(page, ended, tide):  # noqa: F811
    shown = page.get(ended.get_absolute_url()).content.decode()
    assert "Contributions" in shown
    for leg in ended.legs.all():
        assert leg.snapshot_sha256 in shown
        assert f">{leg.symbol}</a>" in shown
    assert "each month" in shown
    assert "Position size" not in shown


def test_trades_are_filtered_by_symbol_and_named_in_the_file(page, ended):
    count = sum(trade["symbol"] == "TIDE" for trade in ended.trades)
    shown = page.get(f"{ended.get_absolute_url()}?trades_symbol=TIDE").content.decode()
    assert f'Trades <span class="muted">{count}</span>' in shown
    lines = (
        b"".join(page.get(f"{ended.get_absolute_url()}trades.csv").streaming_content).decode().splitlines()
    )
    assert lines[0].startswith("symbol,entry_time")
    assert {line.split(",")[0] for line in lines[1:]} == {"WAVE", "TIDE"}


def test_the_candles_of_any_symbol_carry_its_own_fills(page, page_other, ended):
    url = f"{ended.get_absolute_url()}candles.json"
    first, second = page.get(url).json(), page.get(f"{url}?symbol=TIDE").json()
    assert (first["symbol"], second["symbol"]) == ("WAVE", "TIDE")
    # One mark where the position was opened, one at each part that was left.
    own = [trade for trade in ended.trades if trade["symbol"] == "TIDE"]
    assert len(second["markers"]) == len({trade["entry_time"] for trade in own}) + len(own)
    assert page.get(f"{url}?symbol=NONE").status_code == 404
    assert page_other.get(f"{url}?symbol=TIDE").status_code == 404
    shown = page.get(f"{ended.get_absolute_url()}?candles=TIDE").content.decode()
    assert "candles.json?symbol=TIDE" in shown


def test_the_page_costs_one_query_more_than_that_of_one_symbol(page, ended, django_assert_max_num_queries):
    page.get(ended.get_absolute_url())
    with django_assert_max_num_queries(8):
        page.get(ended.get_absolute_url())


def test_lists_say_how_many_symbols_a_run_has(page, ended, submit):
    submit()
    for url in ("/backtests/", "/"):
        shown = page.get(url).content.decode()
        assert "WAVE +1" in shown
        assert re.search(r"WAVE(?! \+)", shown)
    assert ended.job.title == "Even on WAVE +1"


def test_a_run_of_one_symbol_shows_no_legs(page, finished):
    shown = page.get(finished.get_absolute_url()).content.decode()
    assert "Contributions" not in shown
    assert "trades_symbol" not in shown
