"""The form of a new backtest: where it begins, what it takes, what it keeps of what was typed."""

import pytest

from backtests.models import BacktestResult
from backtests.tests.conftest import url
from strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.services]


@pytest.fixture
def typed(strategy, series):
    return {
        "strategy": strategy.pk,
        "series": series.pk,
        "start_date": "2020-02-01",
        "end_date": "2020-12-31",
        "initial_capital": "5000",
        "commission": "0.1",
        "slippage": "0.05",
        "spread": "0.02",
        "sizing": "all_in",
        "stop_loss": "5",
        "take_profit": "",
        "allow_short": "on",
    }


def test_without_a_strategy_or_data_the_form_says_what_is_missing(page, user):
    assert "First you need a strategy" in page.get(url("create")).content.decode()
    Strategy.objects.create(user=user, name="S", strategy_type="rsi", symbol="X")
    assert "First you need data" in page.get(url("create")).content.decode()


def test_a_link_chooses_strategy_series_and_period(page, strategy, series):
    form = page.get(url("create") + f"?strategy={strategy.pk}").context["form"]
    assert form.initial["strategy"] == strategy.pk
    assert form.initial["series"] == series.pk
    assert str(form.initial["start_date"]) == "2020-01-01"
    assert page.get(url("create") + f"?series={series.pk}").context["form"].initial["series"] == series.pk
    assert page.get(url("create") + "?strategy=x&series=10000000000000000000000").status_code == 200


def test_percents_become_fractions(page, typed):
    answer = page.post(url("create"), typed)
    result = BacktestResult.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == result.get_absolute_url()
    settings = result.configuration
    assert (settings["commission"], settings["slippage"], settings["stop_loss"]) == (0.001, 0.0005, 0.05)
    assert settings["take_profit"] is None
    assert settings["initial_capital"] == 5000.0
    assert settings["allow_short"] is True


def test_an_unticked_box_forbids_short_positions(page, typed):
    del typed["allow_short"]
    page.post(url("create"), typed)
    assert BacktestResult.objects.get().configuration["allow_short"] is False


def test_units_need_a_size(page, typed):
    typed |= {"sizing": "units"}
    answer = page.post(url("create"), typed)
    assert "size" in answer.context["form"].errors
    page.post(url("create"), typed | {"size": "12"})
    assert BacktestResult.objects.get().configuration["size"] == 12.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strategy", ""),
        ("strategy", "999"),
        ("series", "x"),
        ("start_date", "2019-01-01"),
        ("start_date", "soon"),
        ("end_date", "2030-01-01"),
        ("initial_capital", "0"),
        ("initial_capital", "nan"),
        ("commission", "-1"),
        ("commission", "60"),
        ("slippage", "inf"),
        ("stop_loss", "100"),
        ("take_profit", "0"),
        ("sizing", "everything"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_says_where(page, typed, field, value):
    answer = page.post(url("create"), typed | {field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    text = answer.content.decode()
    kept = "end_date" if field != "end_date" else "start_date"
    assert f'value="{typed[kept]}"' in text
    assert "data-error-summary" in text
    assert not BacktestResult.objects.exists()


def test_what_only_a_script_can_set_is_named_when_a_run_is_taken_up(page, submit):
    scripted = {"spread": 0.001, "leverage": 2.0, "sizing": "fraction", "size": 1.5}
    result = submit(configuration=scripted)
    answer = page.get(url("create") + f"?from={result.pk}")
    (said,) = [str(message) for message in answer.context["messages"]]
    assert "Leverage, Position size" in said
    assert "Spread" not in said
    assert answer.context["form"].initial["spread"] == "0.1"


def test_a_run_that_the_form_can_repeat_is_taken_up_without_a_word(page, submit):
    result = submit(configuration={"commission": 0.001, "spread": 0.0001})
    assert not list(page.get(url("create") + f"?from={result.pk}").context["messages"])


def test_an_earlier_run_can_be_taken_up_and_changed(page, submit):
    result = submit(configuration={"commission": 0.001, "stop_loss": 0.05, "sizing": "units", "size": 3})
    initial = page.get(url("create") + f"?from={result.pk}").context["form"].initial
    assert (initial["commission"], initial["stop_loss"], initial["sizing"], initial["size"]) == (
        "0.1",
        "5",
        "units",
        3.0,
    )
