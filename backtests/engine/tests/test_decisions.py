"""A strategy that gives the changes of its target alone is traded like by the target itself."""

import numpy as np
import pytest

from backtests.engine import BacktestEngine, SimulationConfig
from backtests.engine.errors import TargetError
from backtests.engine.tests.cases import flat_bars, random_bars
from strategies.decisions import Decisions


class Wants:
    def __init__(self, target):
        self.wanted = target

    def target(self, bars):
        return self.wanted


class Decides(Wants):
    def __init__(self, *given):
        self.given = Decisions(*given)

    def decisions(self, bars):
        return self.given

    def target(self, bars):
        raise AssertionError("nobody needs it")


def decided(bars, targets, length=4, start=0):
    return Decides(length, start, np.array(bars, dtype=np.int32), np.array(targets, dtype=np.int8))


@pytest.mark.parametrize("allow_short", [True, False])
@pytest.mark.parametrize("stop_loss", [None, 0.05])
def test_decisions_are_traded_like_their_target(allow_short, stop_loss):
    config = SimulationConfig(allow_short=allow_short, stop_loss=stop_loss, commission=0.001)
    for seed in range(100):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 80))
        bars = random_bars(rng, n)
        rows = np.flatnonzero(rng.random(n) < 0.3)
        strategy = decided(rows, rng.integers(-1, 2, rows.size), n, int(rng.integers(0, [*rows, n][0] + 1)))
        one, details = BacktestEngine(config).run_backtest(bars, strategy)
        other, plain = BacktestEngine(config).run_backtest(bars, Wants(details.target))
        assert details.simulation.equity.tobytes() == plain.simulation.equity.tobytes(), seed
        assert details.simulation.trades.tobytes() == plain.simulation.trades.tobytes(), seed
        assert repr(one) == repr(other), seed


def test_the_target_of_a_subclass_comes_before_decisions_it_inherits():
    class Otherwise(Decides):
        def target(self, bars):
            return np.zeros(len(bars))

    given = decided([1], [1]).given
    metrics, _ = BacktestEngine().run_backtest(flat_bars(1, 2, 3, 4), Otherwise(*given))
    assert metrics.orders == 0


def test_a_target_is_its_decisions_written_out():
    target = decided([2, 4], [1, -1], 6, 1).given.target()
    assert np.array_equal(target, [np.nan, 0.0, 1.0, 1.0, -1.0, -1.0], equal_nan=True)
    assert np.array_equal(decided([], [], 3, 2).given.target(), [np.nan, np.nan, 0.0], equal_nan=True)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (decided([1], [2]), "Decision 0 is 2 at bar 1"),
        (decided([1, 1], [1, 0]), "Decision 1 is 0 at bar 1"),
        (decided([2, 4], [1, 0]), "Decision 1 is 0 at bar 4 of 4"),
        (decided([-1], [1]), "Decision 0 is 1 at bar -1"),
        (decided([1], [1], 5), "The decisions are of 5 bars, not of 4"),
    ],
)
def test_decisions_that_cannot_be_are_refused(strategy, words):
    with pytest.raises(TargetError, match=words):
        BacktestEngine().run_backtest(flat_bars(1, 2, 3, 4), strategy)
