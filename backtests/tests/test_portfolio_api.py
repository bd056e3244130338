"""Runs over several symbols through the API."""

import pytest

from backtests.services import BacktestService
from backtests.tests.conftest import wavy_bars
from backtests.tests.test_portfolio_runs import (  # noqa: F401  fixtures
    CONFIGURATION,
    even,
    make_series,
    tide,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(user, even, series, tide, finish):  # noqa: F811
    return finish(BacktestService.submit(user=user, strategy=even, configuration=CONFIGURATION))


def test_a_strategy_keeps_its_other_symbols(api):
    asked = {"name": "Two", "strategy_type": "pairs", "symbol": "ko", "other_symbols": ["pep"]}
    made = api.post("/api/strategies/", asked, format="json")
    assert made.status_code == 201
    assert (made.json()["symbol"], made.json()["other_symbols"]) == ("KO", ["PEP"])
    url = f"/api/strategies/{made.json()['id']}/"
    # PATCH keeps what it does not name; another type without other symbols drops them.
    assert api.patch(url, {"name": "Both"}, format="json").json()["other_symbols"] == ["PEP"]
    assert api.patch(url, {"strategy_type": "rsi"}, format="json").json()["other_symbols"] == []


@pytest.mark.parametrize(
    ("kind", "others", "said"),
    [
        ("pairs", [], "as this type needs: 1, not 0"),
        ("pairs", ["A", "B"], "as this type needs: 1, not 2"),
        ("equal_weight", [], "needs 1 to 19 other symbols, not 0"),
        ("equal_weight", ["X"], "X is named twice"),
        ("equal_weight", ["A", "a"], "A is named twice"),
        ("equal_weight", ["no!"], "is not a symbol"),
        ("rsi", ["A"], "trades one symbol"),
        ("volatility_target", ["A"], "trades one symbol"),
    ],
)
def test_other_symbols_that_do_not_fit_the_type_are_refused(api, kind, others, said):
    asked = {"name": "Two", "strategy_type": kind, "symbol": "X", "other_symbols": others}
    refused = api.post("/api/strategies/", asked, format="json")
    assert refused.status_code == 400
    assert said in refused.json()["fields"]["other_symbols"][0]


def test_types_say_how_many_symbols_they_trade(api):
    types = {row["key"]: row for row in api.get("/api/strategy-types/").json()}
    counts = {key: (row["fewest_symbols"], row["most_symbols"]) for key, row in types.items()}
    assert (counts["pairs"], counts["equal_weight"]) == ((2, 2), (2, 20))
    assert (counts["rsi"], counts["volatility_target"]) == ((1, 1), (1, 1))


def test_a_run_names_its_legs(api, user, even, series, tide):  # noqa: F811
    moon = make_series(user, "MOON", wavy_bars())
    asked = {"strategy": even.pk, "legs": [tide.pk, moon.pk], "configuration": {"rebalance": "week"}}
    accepted = api.post("/api/backtests/run/", asked, format="json")
    assert accepted.status_code == 202
    result = api.get(accepted.json()["url"]).json()
    assert [(leg["symbol"], leg["series"], leg["pnl"]) for leg in result["legs"]] == [
        ("TIDE", tide.pk, None),
        ("MOON", moon.pk, None),
    ]
    assert result["configuration"]["rebalance"] == "week"


def test_another_user_s_series_is_no_leg(api, other_user, even, series):  # noqa: F811
    theirs = make_series(other_user, "TIDE", wavy_bars())
    refused = api.post(
        "/api/backtests/run/", {"strategy": even.pk, "legs": [series.pk, theirs.pk]}, format="json"
    )
    assert refused.status_code == 400
    assert "legs" in str(refused.json()["fields"])


@pytest.mark.parametrize("field", ["strategy", "series", "legs"])
def test_an_id_with_decimals_names_nothing(api, even, series, tide, field):  # noqa: F811
    asked = {"strategy": even.pk, "series": series.pk, "legs": [series.pk, tide.pk]}
    given = [series.pk + 0.7, tide.pk] if field == "legs" else asked[field] + 0.7
    refused = api.post("/api/backtests/run/", asked | {field: given}, format="json")
    assert refused.status_code == 400
    assert field in refused.json()["fields"]


def test_a_result_tells_what_each_leg_contributed(api, ended):
    result = api.get(f"/api/backtests/{ended.pk}/").json()
    assert result["series_labels"] == ["WAVE 1d", "TIDE 1d"]
    wave, tide_leg = result["legs"]
    assert wave["contribution"] + tide_leg["contribution"] == pytest.approx(result["total_return"])
    assert set(wave) == {
        *("symbol", "series", "snapshot_sha256", "pnl", "fees_paid", "contribution", "average_weight"),
        "total_trades",
    }


def test_trades_name_their_symbol_and_those_of_one_symbol_none(api, ended, submit, finish):
    trades = api.get(f"/api/backtests/{ended.pk}/trades/").json()["results"]
    assert {trade["symbol"] for trade in trades} == {"WAVE", "TIDE"}
    single = finish(submit())
    assert api.get(f"/api/backtests/{single.pk}/trades/").json()["results"][0]["symbol"] is None


def test_a_stranger_sees_no_legs(api_other, ended):
    assert api_other.get(f"/api/backtests/{ended.pk}/").status_code == 404
