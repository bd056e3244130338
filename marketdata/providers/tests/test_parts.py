"""What providers are made of: extras that say how to be installed, closed bars, rows as bars, synthetic paths."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from marketdata.errors import EXTRAS, KeyMissing, MissingExtra, ProviderError
from marketdata.providers import SyntheticProvider, get_provider, names
from marketdata.providers import base as base_module
from marketdata.providers.base import closed_bars, is_installed
from marketdata.providers.rows import bars_from_columns, join, week_of
from marketdata.tests.bars import make_bars

ROOT = Path(__file__).resolve().parents[3]


def days(*texts):
    return np.array(texts, dtype="datetime64[ns]")


# -- Extras and what a provider says of itself ------------------------------------------------------------------


def test_the_optional_packages_are_named_as_the_list_of_extras_names_them():
    lines = (ROOT / "requirements-extras.in").read_text().splitlines()
    listed = [line.split("#")[0].strip() for line in lines if line and not line.startswith("#")]
    assert sorted(EXTRAS.values()) == sorted(listed)
    assert {re.split(r"[=<>]", item)[0] for item in listed} == set(EXTRAS)


def test_the_network_providers_say_what_they_need():
    needs = {name: get_provider(name).capabilities for name in names()}
    assert {name for name, item in needs.items() if item.needs_network} == {
        "alphavantage",
        "ccxt",
        "yfinance",
    }
    assert {item.extra for item in needs.values() if item.extra} <= set(EXTRAS)
    assert needs["alphavantage"].needs_key == "ALPHAVANTAGE_API_KEY"
    assert needs["yfinance"].adjusted
    assert not needs["ccxt"].adjusted


@pytest.mark.parametrize("name", ["yfinance", "ccxt"])
def test_without_its_package_a_provider_gives_the_command_and_the_others_work(name, monkeypatch):
    monkeypatch.setattr(base_module, "is_installed", lambda package: package != name)
    provider = get_provider(name)()
    assert isinstance(provider.problem, MissingExtra)
    assert provider.problem.command == f'python -m pip install "{EXTRAS[name]}"'
    assert provider.problem.command in provider.problem.detail
    assert SyntheticProvider().available


def test_a_missing_key_is_a_problem_that_names_its_variable(monkeypatch):
    monkeypatch.delenv("ALPHAVANTAGE_API_KEY", raising=False)
    problem = get_provider("alphavantage")().problem
    assert isinstance(problem, KeyMissing)
    assert problem.variable in problem.detail
    monkeypatch.setenv("ALPHAVANTAGE_API_KEY", "x")
    assert get_provider("alphavantage")().available


def test_looking_for_a_package_does_not_import_it():
    program = (
        "import sys; from marketdata.providers import get_provider, names\n"
        "print([get_provider(name)().available for name in names()])\n"
        "print([name for name in ('ccxt', 'yfinance', 'pandas', 'requests', 'curl_cffi') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1] == "[]"
    assert not is_installed("no_such_package_anywhere")


# -- Bars ---------------------------------------------------------------------------------------------------------


def test_a_bar_counts_once_its_span_is_over():
    bars = make_bars(5)  # days from 2024-01-01 on
    first = bars.time[0]
    for hours, closed in ((23, 0), (24, 1), (47, 1), (48, 2)):
        assert len(closed_bars(bars, "1d", first + np.timedelta64(hours, "h"))) == closed


def test_rows_come_in_order_each_time_once_and_the_last_counts():
    time = days("2024-01-03", "2024-01-02", "2024-01-03", "NaT")
    ones = np.ones(4)
    bars = bars_from_columns(time, ones, ones * 3, ones, [1.5, 1.0, 2.0, 1.0], ones)
    assert bars.time.tolist() == days("2024-01-02", "2024-01-03").tolist()
    assert bars.close.tolist() == [1.0, 2.0]


def test_rounded_highs_are_moved_and_wrong_ones_left_out():
    notes = []
    time = days("2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")
    bars = bars_from_columns(
        time,
        [10.0, 10.0, np.nan, -1.0],
        [10.0 * (1 - 5e-7), 9.0, np.nan, 1.0],
        [9.0, 8.0, np.nan, -2.0],
        [9.5, 9.5, np.nan, 0.5],
        [np.nan, 1.0, np.nan, 1.0],
        note=notes.append,
    )
    assert (bars.high.tolist(), bars.volume.tolist()) == ([10.0], [0.0])
    assert notes == [
        "2 rows were left out because their prices contradict each other or are not above 0.",
        "1 rows without prices were left out.",
    ]


def test_parts_that_overlap_become_one_in_which_the_later_part_counts():
    first, second = make_bars(5), make_bars(8)
    both = join([first, second.slice(second.time[3])])
    assert both.time.tolist() == second.time.tolist()
    assert len(join([])) == 0


def test_a_week_is_named_by_its_monday():
    mondays = week_of(days("2024-01-01", "2024-01-05", "2024-01-07", "2024-01-08", "1969-12-31"))
    assert [str(day) for day in mondays] == [
        "2024-01-01", "2024-01-01", "2024-01-01", "2024-01-08", "1969-12-29",
    ]  # fmt: skip


# -- Synthetic ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "symbol", ["ABC", "GBM", "REGIME:seed=7", "meanrev:half_life=5:volatility=0.4:calendar=24/7"]
)
@pytest.mark.parametrize("timeframe", ["1d", "1h"])
def test_a_longer_synthetic_history_continues_a_shorter_one(symbol, timeframe):
    provider = SyntheticProvider()
    short = provider.history(symbol, timeframe, "2020-02-03", "2020-03-31")
    long = provider.history(symbol, timeframe, "2019-06-01", "2020-06-30")
    assert len(short) > 20
    assert long.slice("2020-02-03", "2020-03-31").close.tobytes() == short.close.tobytes()


def test_synthetic_histories_end_with_the_last_closed_bar():
    last = SyntheticProvider().history("ABC", "1d").time[-1]
    now = np.datetime64("now", "ns")
    assert now - np.timedelta64(6, "D") < last <= now - np.timedelta64(1, "D")


def test_options_change_the_path_and_the_seed_alone_decides_it():
    provider = SyntheticProvider()
    close = {
        symbol: provider.history(symbol, "1d", "2020-01-02", "2020-12-31").close.tobytes()
        for symbol in ("GBM:seed=1", "gbm:SEED=1", "GBM:seed=2", "REGIME:seed=1", "MEANREV:seed=1")
    }
    assert close["GBM:seed=1"] == close["gbm:SEED=1"]
    assert len(set(close.values())) == 4


def test_a_mean_reverting_path_stays_near_its_level_and_a_regime_path_has_two_volatilities():
    provider = SyntheticProvider()
    near = provider.history(
        "MEANREV:half_life=5:volatility=0.1:seed=3", "1d", "2000-01-03", "2020-01-01"
    ).close
    # The stationary deviation is 0.1 / sqrt(252) / sqrt(1 - 0.5^(2/5)) = 0.0128; six of them are 8 %.
    assert np.abs(np.log(near / 100.0)).max() < 0.08
    changing = provider.history("REGIME:seed=3:regime_length=250", "1d", "2000-01-03", "2020-01-01").close
    returns = np.diff(np.log(changing))
    yearly = np.array([part.std() for part in np.array_split(returns, 20)])
    assert yearly.max() > 1.5 * yearly.min()


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("GBM:sead=1", "'sead' is no option. Did you mean 'seed'"),
        ("GBM:seed=one", "'one' is no value for seed"),
        ("GBM:volatility=99", "not within 0.001 to 5"),
        ("GBM:seed=-1", "not within 0"),
    ],
)
def test_an_option_that_cannot_be_used_is_an_error(symbol, message):
    with pytest.raises(ProviderError, match=message) as caught:
        SyntheticProvider().history(symbol, "1d")
    assert "symbol" in caught.value.fields
