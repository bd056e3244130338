"""Creating, changing, copying and deleting strategies."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from algotrade.errors import NotFound
from strategies import registry
from strategies.base import BaseStrategy
from strategies.errors import StrategyError, StrategyInvalid
from strategies.models import Strategy
from strategies.params import ReferenceParam
from strategies.references import choice_checkers, reference_checkers, reference_choices
from strategies.services import StrategyService
from strategies.tests.conftest import make_strategy

pytestmark = pytest.mark.django_db


class Modelled(BaseStrategy):
    """A type that names another object."""

    key, label, summary, uses_model = "modelled", "Modelled", "Follows a model.", True
    params = (ReferenceParam("model", kind="test_model", label="Model"),)

    def target(self, bars):
        raise AssertionError("not run here")


def refused(**values):
    with pytest.raises(StrategyInvalid) as caught:
        StrategyService.create(**values)
    return caught.value.fields


def test_a_new_strategy_keeps_its_full_parameters(user):
    strategy = make_strategy(user, "  My   idea ", symbol=" btc/usdt ", parameters={"fast_period": 5})
    strategy.refresh_from_db()
    assert strategy.name == "My idea"
    assert strategy.symbol == "BTC/USDT"
    assert strategy.parameters == {"fast_period": 5, "slow_period": 30, "ma_type": "sma"}
    assert strategy.initial_capital == Decimal("10000")
    assert strategy.use_ml is False
    assert strategy.build().parameters == strategy.parameters


def test_all_fields_that_are_wrong_are_named_at_once_and_nothing_is_saved(user):
    fields = refused(
        user=user,
        name=" ",
        strategy_type="rsi",
        symbol="not a symbol!",
        parameters={"perod": 3, "oversold": 200},
        description="x" * 2001,
        timeframe="3d",
        initial_capital=0,
    )
    assert set(fields) == {
        "name",
        "symbol",
        "parameters.perod",
        "parameters.oversold",
        "description",
        "timeframe",
        "initial_capital",
    }
    assert "Did you mean 'period'" in fields["parameters.perod"][0]
    assert not Strategy.objects.exists()


def test_an_unknown_type_is_a_field_error(user):
    assert (
        "Did you mean 'rsi'"
        in refused(user=user, name="A", strategy_type="rsj", symbol="A")["strategy_type"][0]
    )


@pytest.mark.parametrize("capital", ["NaN", "Infinity", "abc", -1, 0.5, "1e30", "10.001", None])
def test_capital_is_an_amount_of_money(user, capital):
    assert "initial_capital" in refused(
        user=user, name="A", strategy_type="rsi", symbol="A", initial_capital=capital
    )


def test_a_name_is_used_once_by_a_user_and_freely_by_others(user, other_user, strategy):
    assert "name" in refused(user=user, name="Crossover", strategy_type="rsi", symbol="A")
    assert make_strategy(other_user).name == "Crossover"


def test_a_name_taken_between_check_and_save_is_a_field_error_too(user, strategy, monkeypatch):
    monkeypatch.setattr("strategies.services._problem_with_name", lambda strategy: "")
    assert "name" in refused(user=user, name="Crossover", strategy_type="rsi", symbol="A")


def test_a_change_keeps_what_it_does_not_name(strategy):
    changed = StrategyService.update(strategy, merge=True, parameters={"fast_period": 7}, symbol="MSFT")
    assert changed.parameters == {"fast_period": 7, "slow_period": 30, "ma_type": "sma"}
    assert (changed.name, changed.symbol) == ("Crossover", "MSFT")


def test_parameters_without_merge_start_from_the_defaults(strategy):
    StrategyService.update(strategy, merge=True, parameters={"slow_period": 90})
    assert StrategyService.update(strategy, parameters={"fast_period": 7}).parameters["slow_period"] == 30


def test_a_new_type_takes_its_own_defaults(strategy):
    assert StrategyService.update(strategy, strategy_type="macd").parameters["signal_period"] == 9


def test_a_refused_change_leaves_the_row_alone(strategy):
    with pytest.raises(StrategyInvalid):
        StrategyService.update(strategy, name="New", parameters={"fast_period": 99})
    strategy.refresh_from_db()
    assert (strategy.name, strategy.parameters["fast_period"]) == ("Crossover", 10)


def test_changing_what_was_deleted_meanwhile_says_so(strategy):
    Strategy.objects.all().delete()
    with pytest.raises(NotFound, match="deleted meanwhile"):
        StrategyService.update(strategy, name="New")


def test_copies_get_the_next_free_name(strategy):
    first = StrategyService.duplicate(strategy)
    second = StrategyService.duplicate(strategy)
    third = StrategyService.duplicate(first)
    assert [s.name for s in (first, second, third)] == [
        "Crossover (copy)",
        "Crossover (copy 2)",
        "Crossover (copy 3)",
    ]
    assert first.parameters == strategy.parameters
    assert first.pk != strategy.pk


def test_a_copy_of_a_long_name_fits(user):
    assert len(StrategyService.duplicate(make_strategy(user, "x" * 100)).name) == 100


def test_a_reference_is_checked_by_the_app_that_owns_the_object(user, monkeypatch):
    def check(user, number):
        if (user, number) != (user, 7):
            raise NotFound("There is no such model of yours.")

    with registry.temporarily(Modelled):
        values = {"user": user, "strategy_type": "modelled", "symbol": "A"}
        assert "Nothing here" in refused(name="A", parameters={"model": 7}, **values)["parameters.model"][0]
        monkeypatch.setitem(reference_checkers, "test_model", check)
        said = refused(name="A", parameters={"model": 8}, **values)
        assert said == {"parameters.model": ["There is no such model of yours."]}
        assert StrategyService.create(name="A", parameters={"model": 7}, **values).use_ml is True


def test_a_strategy_whose_type_is_gone_can_be_read_but_not_built(user, monkeypatch):
    monkeypatch.setitem(reference_checkers, "test_model", lambda user, number: None)
    with registry.temporarily(Modelled):
        strategy = make_strategy(user, strategy_type="modelled", parameters={"model": 7})
        assert strategy.type_label == "Modelled"
    assert strategy.type_label == "modelled"
    assert strategy.parameter_rows()[0]["value"] == 7
    with pytest.raises(StrategyError):
        strategy.build()


def test_a_reference_is_shown_by_name_and_by_number_when_it_is_gone(user, monkeypatch):
    monkeypatch.setitem(reference_checkers, "test_model", lambda user, number: None)
    monkeypatch.setitem(reference_choices, "test_model", lambda user: [(7, "Forest on Apple")])
    with registry.temporarily(Modelled):
        strategy = make_strategy(user, strategy_type="modelled", parameters={"model": 7})
        assert strategy.parameter_rows()[0]["value"] == "Forest on Apple"
        strategy.parameters["model"] = 8
        assert strategy.parameter_rows()[0]["value"] == 8

        def gone(user, number):
            raise NotFound("There is no such model of yours.")

        monkeypatch.setitem(reference_checkers, "test_model", gone)
        assert strategy.parameter_rows()[0]["value"] == "deleted (it had number 8)"


def test_what_should_not_be_chosen_any_more_may_stay_where_it_was_chosen(user, monkeypatch):
    retired = set()

    def choose(user, number):
        if number in retired:
            raise NotFound("This model was retired.")

    monkeypatch.setitem(reference_checkers, "test_model", lambda user, number: None)
    monkeypatch.setitem(choice_checkers, "test_model", choose)
    with registry.temporarily(Modelled):
        values = {"user": user, "strategy_type": "modelled", "symbol": "A"}
        old = StrategyService.create(name="Old", parameters={"model": 7}, **values)
        other = StrategyService.create(name="Other", parameters={"model": 8}, **values)
        retired.add(7)
        assert StrategyService.update(old, name="Renamed", parameters={"model": 7}).name == "Renamed"
        assert "retired" in refused(name="New", parameters={"model": 7}, **values)["parameters.model"][0]
        with pytest.raises(StrategyInvalid):
            StrategyService.update(other, parameters={"model": 7})


@pytest.mark.django_db(transaction=True)
@pytest.mark.services
def test_copies_made_at_the_same_moment_all_get_a_name(user):
    strategy = make_strategy(user, "Idea")
    start = threading.Barrier(6)

    def copy(_number):
        try:
            start.wait()
            return StrategyService.duplicate(strategy).name
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        names = set(threads.map(copy, range(6)))
    assert len(names) == 6
