"""The compiled kernel equals the plain-Python reference, its uncompiled twin, on random accounts."""

import os
import subprocess
import sys

import numpy as np
import pytest

from backtests.engine import kernels as k
from backtests.engine import simulate, simulator
from backtests.engine.tests import reference
from backtests.engine.tests.cases import random_bars, random_config, random_target

CASES = int(os.environ.get("ENGINE_REFERENCE_CASES", "600"))  # a nightly run may ask for 100,000
COLUMNS = ("entry_price", "exit_price", "qty", "gross", "fees", "borrow", "pnl", "ret", "mae", "mfe")


def random_case(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 90))
    wild = rng.random() < 0.3  # large moves reach gaps, margin calls and ruin
    bars = random_bars(rng, n, volatility=0.15 if wild else 0.03, gap=0.08 if wild else 0.01)
    return bars, random_target(rng, n), random_config(rng)


def assert_same(sim, expected):
    close = {"rtol": 1e-9, "atol": 1e-6}
    np.testing.assert_allclose(sim.equity, expected.equity, **close)
    np.testing.assert_allclose(sim.quantity, expected.held, **close)
    assert sim.trades["reason"].tolist() == [trade["reason"] for trade in expected.trades]
    for name in ("entry_bar", "exit_bar", "bars_held"):
        assert sim.trades[name].tolist() == [trade[name] for trade in expected.trades]
    for name in COLUMNS:
        np.testing.assert_allclose(sim.trades[name], [trade[name] for trade in expected.trades], **close)
    assert [(int(row["bar"]), str(row["reason"])) for row in sim.rejections] == expected.rejected
    assert sim.ambiguous_bars == expected.ambiguous
    assert sim.ruined == expected.ruined
    np.testing.assert_allclose(
        [sim.final_equity, sim.marked_equity], [expected.final, expected.marked], **close
    )


def test_the_kernel_equals_the_reference_on_random_accounts():
    reasons = set()
    for seed in range(CASES):
        bars, target, config = random_case(seed)
        sim = simulate(bars, target, config)
        try:
            assert_same(sim, reference.run(bars, target, config.to_dict()))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {config}: {error}") from error
        reasons |= set(sim.trades["reason"].tolist()) | set(sim.rejections["reason"].tolist())
    every = {"signal", "stop_loss", "take_profit", "trailing_stop", "end", "ruin", "margin"}
    assert reasons == every | {"cost", "quantity", "estimate"}  # the cases reach every rule


@pytest.mark.parametrize("seed", range(40))
def test_the_compiled_loop_equals_its_python_twin(seed, monkeypatch):
    bars, target, config = random_case(seed)
    compiled = simulate(bars, target, config)
    for name in (
        "simulate_nb",
        "clean_target_nb",
        "volatility_nb",
        "average_true_range_nb",
        "close_nb",
        "open_nb",
    ):
        monkeypatch.setattr(k, name, getattr(k, name).py_func)
    plain = simulator.simulate(bars, target, config)
    assert plain.trade_bars.tolist() == compiled.trade_bars.tolist()
    np.testing.assert_allclose(plain.equity, compiled.equity, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(plain.trade_values, compiled.trade_values, rtol=1e-9, atol=1e-9)


def test_two_runs_give_the_same_bytes():
    bars, target, config = random_case(7)
    first, second = simulate(bars, target, config), simulate(bars, target, config)
    assert first.equity.tobytes() == second.equity.tobytes()
    assert first.trades.tobytes() == second.trades.tobytes()


def test_importing_settings_and_definitions_pulls_no_compiler_and_no_framework():
    names = ("numba", "pandas", "scipy", "django")
    code = (
        "import sys, backtests.engine.config, backtests.metrics.definitions, backtests.metrics.record;"
        "from backtests.engine import SimulationConfig, ENGINE_VERSION;"
        f"print([name for name in {names} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_whole_engine_runs_without_the_framework():
    code = (
        "import sys; from backtests.engine.warm import warm_up; warm_up();"
        "import backtests.engine.engine; print([n for n in ('django', 'pandas') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
