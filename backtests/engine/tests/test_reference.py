"""The compiled kernel equals the plain-Python reference, its uncompiled twin, on random accounts."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

from backtests.engine import kernels as k
from backtests.engine import loops, records, rows, simulate, simulator
from backtests.engine.tests import reference
from backtests.engine.tests.cases import random_bars, random_config, random_size, random_target

CASES = int(os.environ.get("ENGINE_REFERENCE_CASES", "2000"))  # by command: 100000
COLUMNS = ("entry_price", "exit_price", "qty", "gross", "fees", "borrow", "pnl", "ret", "mae", "mfe")


def random_case(seed):
    """Bars, target, configuration, and in one of five cases the strategy's own sizes."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    wild = rng.random() < 0.3  # large moves reach gaps, margin calls and ruin
    bars = random_bars(rng, n, volatility=0.15 if wild else 0.03, gap=0.08 if wild else 0.01)
    target, config = random_target(rng, n), random_config(rng)
    return bars, target, config, random_size(rng, n) if rng.random() < 0.2 else None


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
        bars, target, config, size = random_case(seed)
        sim = simulate(bars, target, config, size=size)
        try:
            assert_same(sim, reference.run(bars, target, config.to_dict(), size=size))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {config}: {error}") from error
        reasons |= set(sim.trades["reason"].tolist()) | set(sim.rejections["reason"].tolist())
    every = {"signal", "stop_loss", "take_profit", "trailing_stop", "end", "ruin", "margin"}
    assert reasons == every | {"cost", "quantity", "estimate"}  # the cases reach every rule


@pytest.mark.parametrize("seed", range(40))
def test_the_compiled_loops_equal_their_python_twins(seed, monkeypatch):
    bars, target, config, size = random_case(seed)
    if seed % 2:
        config = orders_only(config)
    compiled = simulate(bars, target, config, size=size)
    held, table = compiled.quantity, compiled.trades
    simulator._settings.cache_clear()
    for module in (k, records, loops, rows):
        for name in [name for name in vars(module) if name.endswith("_nb")]:
            monkeypatch.setattr(module, name, getattr(module, name).py_func)
    plain = simulate(bars, target, config, size=size)
    simulator._settings.cache_clear()
    assert plain.trade_bars.tolist() == compiled.trade_bars.tolist()
    np.testing.assert_allclose(plain.equity, compiled.equity, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(plain.trade_values, compiled.trade_values, rtol=1e-9, atol=1e-9)
    for name in ("mae", "mfe"):
        np.testing.assert_allclose(plain.trades[name], table[name], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(plain.quantity, held, rtol=1e-12)
    assert plain.trades["reason"].tolist() == table["reason"].tolist()
    assert plain.trades["exit_time"].tolist() == table["exit_time"].tolist()


def orders_only(config):
    """The same account without what makes the engine look at every bar."""
    sizing = {"sizing": "all_in", "size": 1.0, "atr_window": 14, "atr_multiple": 2.0}
    plain = {"stop_loss": None, "take_profit": None, "trailing_stop": None}
    return dataclasses.replace(
        config,
        fill="next_open",
        borrow_rate=0.0,
        maintenance_margin=0.0,
        **plain,
        **(sizing if config.sizing == "atr_risk" else {}),
    )


def test_going_from_order_to_order_gives_the_bytes_of_the_bar_loop(monkeypatch):
    ruined = 0
    for seed in range(CASES):
        bars, target, config, size = random_case(seed)
        config = orders_only(config)
        assert simulator._settings(config, 252.0, size is not None)[1] is loops.order_loop_nb
        quick = simulate(bars, target, config, size=size)
        with monkeypatch.context() as patched:
            patched.setattr(simulator, "_settings", by_bars(simulator._settings))
            slow = simulate(bars, target, config, size=size)
        for field in dataclasses.fields(quick):
            one, other = getattr(quick, field.name), getattr(slow, field.name)
            same = one.tobytes() == other.tobytes() if isinstance(one, np.ndarray) else one == other
            assert same, f"seed {seed}, {field.name}, {config}"
        for name in ("quantity", "trades"):
            same = getattr(quick, name).tobytes() == getattr(slow, name).tobytes()
            assert same, f"seed {seed}, {name}, {config}"
        ruined += quick.ruined
    assert ruined > CASES / 200


def by_bars(settings):
    return lambda *args: (settings(*args)[0], loops.bar_loop_nb)


def test_two_runs_give_the_same_bytes():
    bars, target, config, _ = random_case(7)
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
