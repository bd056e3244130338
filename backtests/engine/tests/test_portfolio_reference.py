"""The compiled account over several symbols against its slow reference, on random cases."""

import os

import numpy as np
import pytest

from backtests.engine.portfolio import simulate_portfolio
from backtests.engine.results import TRADE_VALUES
from backtests.engine.tests.portfolio_cases import random_panel, random_portfolio_config, random_weights
from backtests.engine.tests.portfolio_reference import simulate_reference

CASES = int(os.environ.get("PORTFOLIO_CASES", "1200"))
BATCHES = 4


def random_case(seed):
    rng = np.random.default_rng([9, seed])
    n, m = int(rng.integers(2, 60)), int(rng.integers(1, 6))
    panel = random_panel(rng, n, m)
    return panel, random_weights(rng, len(panel), m), random_portfolio_config(rng)


def close_to(got, wanted, scale):
    return np.allclose(got, wanted, rtol=1e-8, atol=1e-8 * scale)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_compiled_account_equals_the_reference_on_random_cases(batch):
    for seed in range(batch, CASES, BATCHES):
        panel, weights, config = random_case(seed)
        got = simulate_portfolio(panel, weights, config, periods_per_year=365.0)
        wanted = simulate_reference(panel, weights, config, 365.0)
        said = f"case {seed}: {config} {panel}"
        scale = float(np.max(got.equity))
        assert close_to(got.equity, wanted.equity, scale), said
        assert close_to(got.quantities, wanted.quantities, np.abs(got.quantities).max() + 1.0), said
        assert (got.orders, got.ruined) == (wanted.orders, wanted.ruined), said
        rejected = [(row["bar"], row["symbol"], row["reason"]) for row in got.rejections]
        assert rejected == [(bar, f"S{i}", reason) for bar, i, reason in wanted.rejections], said
        trades = got.trades
        head = list(
            zip(trades["entry_bar"], trades["exit_bar"], trades["reason"], trades["symbol"], strict=True)
        )
        assert head == [(row[0], row[1], row[2], f"S{row[3]}") for row in wanted.trades], said
        numbers = np.array([row[4:] for row in wanted.trades]).reshape(-1, len(TRADE_VALUES) + 2)
        assert close_to(got.trade_values, numbers, scale), said
        totals = (got.fees_paid, got.slippage_paid, got.borrow_paid, got.traded_value, got.marked_equity)
        assert close_to(
            totals, (wanted.fees, wanted.slippage, wanted.borrow, wanted.traded, wanted.marked), scale
        )


def test_the_random_cases_reach_every_part_of_the_rules():
    reasons, refused, ruined, waited = set(), set(), 0, 0
    for seed in range(300):
        panel, weights, config = random_case(seed)
        got = simulate_portfolio(panel, weights, config, periods_per_year=365.0)
        reasons |= set(got.trades["reason"].tolist())
        refused |= set(got.rejections["reason"].tolist())
        ruined += got.ruined
        waited += bool(np.isnan(panel.open).any())
    assert reasons == {"signal", "rebalance", "end", "ruin"}
    assert refused == {"cost", "quantity"}
    assert ruined
    assert waited > 100
