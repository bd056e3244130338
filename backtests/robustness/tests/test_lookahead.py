"""The audit passes what is causal and catches what is not."""

import numpy as np
import pytest

import strategies.library  # noqa: F401  registers the built-ins
from algotrade.errors import InvalidInput
from backtests.engine.tests.portfolio_cases import random_panel
from backtests.robustness.lookahead import audit_lookahead, audit_weights
from marketdata.bars import Bars
from strategies.registry import get_strategy_class


def walk(n=400, seed=5):
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    open_ = np.concatenate([[100.0], close[:-1]])
    spread = rng.uniform(0, 0.5, n)
    return Bars(
        time=(np.datetime64("2020-01-01") + np.arange(n)).astype("datetime64[ns]"),
        open=open_,
        high=np.maximum(open_, close) + spread,
        low=np.minimum(open_, close) - spread,
        close=close,
        volume=np.ones(n),
    )


class Peeks:
    """Long when the next close is higher: the classic mistake of a shift the wrong way."""

    def target(self, bars):
        return np.append(np.sign(np.diff(bars.close)), 0.0)


class Normalises:
    """Compares with the mean of the whole series, which nobody knew at the time."""

    def target(self, bars):
        return np.where(bars.close > bars.close.mean(), 1.0, 0.0)


class Follows:
    def target(self, bars):
        return np.append(0.0, np.sign(np.diff(bars.close)))


def audit(strategy, bars=None):
    bars = walk() if bars is None else bars
    return audit_lookahead(strategy, bars, strategy.target(bars))


def test_a_causal_strategy_passes_every_cut():
    outcome = audit(Follows())
    assert outcome.passed
    assert outcome.checked == 12


class SizesByTomorrow(Follows):
    """Decides honestly when to trade, and by tomorrow's move how much."""

    def size(self, bars):
        return np.append(np.abs(np.diff(np.log(bars.close))), 0.01)


class SizesByToday(Follows):
    def size(self, bars):
        return np.append(0.01, np.abs(np.diff(np.log(bars.close))))


def test_a_size_that_sees_the_future_is_caught_and_an_honest_one_is_not():
    bars = walk()
    for strategy, passes in ((SizesByTomorrow(), False), (SizesByToday(), True)):
        outcome = audit_lookahead(strategy, bars, strategy.target(bars), size=strategy.size(bars))
        assert outcome.passed is passes


@pytest.mark.parametrize("cheat", [Peeks(), Normalises()])
def test_a_strategy_that_sees_the_future_is_caught(cheat):
    outcome = audit(cheat)
    assert not outcome.passed
    assert 0 <= outcome.first_bar < 400


@pytest.mark.parametrize("key", ["ma_crossover", "rsi", "macd"])
def test_the_built_in_strategies_pass(key):
    strategy = get_strategy_class(key)()
    bars = walk()
    assert audit_lookahead(strategy, bars, strategy.target(bars), warmup=strategy.warmup()).passed


class RefusesStrangers(Follows):
    """Takes the first bars of what it knows, and nothing else."""

    def target(self, bars):
        if not np.array_equal(bars.close, walk().close[: len(bars)]):
            raise InvalidInput("not the bars it was made for")
        return super().target(bars)


def test_a_strategy_that_refuses_other_prices_is_tested_on_its_own():
    outcome = audit(RefusesStrangers())
    assert outcome.passed
    assert outcome.checked == 6


def test_a_slow_strategy_is_tested_once_at_least():
    bars = walk()
    outcome = audit_lookahead(Follows(), bars, Follows().target(bars), budget_seconds=0.0)
    assert outcome.checked == 1


def test_two_bars_leave_nothing_to_test():
    bars = walk(2)
    assert audit(Follows(), bars).checked == 0


class TomorrowsWinner:
    """All of the account in the symbol that rises most on the next bar; its last row cannot know."""

    def weights(self, panel):
        closes = panel.last_close()
        out = np.zeros(closes.shape)
        rises = closes[1:] / closes[:-1]
        out[np.arange(len(rises)), np.argmax(np.nan_to_num(rises), axis=1)] = 1.0
        return out


class YesterdaysWinner:
    def weights(self, panel):
        closes = panel.last_close()
        out = np.zeros(closes.shape)
        rises = closes[1:] / closes[:-1]
        out[np.arange(len(rises)) + 1, np.argmax(np.nan_to_num(rises), axis=1)] = 1.0
        return out


@pytest.fixture
def panel():
    return random_panel(np.random.default_rng(2), 120, 3)


def test_weights_that_know_tomorrow_are_found(panel):
    strategy = TomorrowsWinner()
    audit = audit_weights(strategy, panel, strategy.weights(panel))
    assert not audit.passed
    assert 0 <= audit.first_bar < 120


def test_weights_of_the_past_pass(panel):
    strategy = YesterdaysWinner()
    audit = audit_weights(strategy, panel, strategy.weights(panel))
    assert audit.passed
    assert audit.checked == 12
