"""The recipes of CONTRIBUTING.md, "add a strategy" and "add an indicator", done as a contributor does them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from strategies import registry
from strategies.errors import IndicatorError
from strategies.indicators import TechnicalIndicators
from strategies.indicators.columns import column, period_of
from strategies.models import Strategy
from strategies.tests.prices import bars_of, random_bars

STRATEGY_FILE = '''
"""Join a run of rising closes."""

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy
from strategies.params import BoolParam, IntParam
from strategies.registry import register


@register
class RisingCloses(BaseStrategy):
    """Long after a number of rising closes in a row, out at the first that does not rise."""

    key = "rising_closes"
    label = "Rising closes"
    summary = "Buys after several rising closes in a row."
    rules = ("Buy after {count} rising closes in a row.", "Sell at the first close that does not rise.")
    params = (
        IntParam("count", default=3, minimum=1, maximum=20, label="Closes", help="How many.", unit="bars"),
        BoolParam("short", default=False, label="Go short", help="Short instead of out."),
    )

    def warmup(self) -> int:
        return self.parameters["count"] + 1

    def target(self, bars: Bars) -> NDArray[np.float64]:
        run, target = 0, np.full(len(bars), np.nan)
        for t in range(1, len(bars)):
            run = run + 1 if bars.close[t] > bars.close[t - 1] else 0
            if run >= self.parameters["count"]:
                target[t] = 1.0
            elif run == 0 and t >= self.parameters["count"]:
                target[t] = -1.0 if self.parameters["short"] else 0.0
        return target
'''


@pytest.fixture
def contributed(tmp_path: Path):
    """The file above, written and imported; its registration ends with the test."""
    path = tmp_path / "rising_closes.py"
    path.write_text(STRATEGY_FILE)
    with registry.temporarily():
        spec = importlib.util.spec_from_file_location("rising_closes", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module.RisingCloses
    assert "rising_closes" not in registry.names()


def test_a_contributed_strategy_decides(contributed):
    assert registry.get_strategy_class("rising_closes") is contributed
    target = contributed(count=2).target(bars_of([10, 11, 12, 13, 12, 13]))
    assert np.array_equal(target, [np.nan, np.nan, 1, 1, 0, np.nan], equal_nan=True)


def test_a_contributed_strategy_does_not_see_the_future(contributed):
    bars = random_bars(200)
    whole = contributed().target(bars)
    for row in (1, 50, 199):
        assert np.array_equal(contributed().target(bars.head(row)), whole[:row], equal_nan=True)


def test_a_contributed_strategy_is_described_and_created_over_the_api(contributed, api):
    types = {item["key"]: item for item in api.get("/api/strategy-types/").json()}
    assert types["rising_closes"]["parameters"][0]["maximum"] == 20
    values = {"name": "Runs", "strategy_type": "rising_closes", "symbol": "AAPL"}
    made = api.post("/api/strategies/", values | {"parameters": {"count": 4}}, format="json")
    assert made.status_code == 201, made.json()
    assert Strategy.objects.get().build().parameters == {"count": 4, "short": False}
    refused = api.post("/api/strategies/", values | {"name": "B", "parameters": {"coutn": 4}}, format="json")
    assert "Did you mean 'count'?" in refused.json()["fields"]["parameters.coutn"][0]


def test_a_contributed_strategy_has_a_card_a_form_and_a_page(contributed, page):
    assert "Rising closes" in page.get("/strategies/new/").content.decode()
    url = "/strategies/new/rising_closes/"
    form = page.get(url).content.decode()
    assert 'name="parameters-count"' in form
    assert 'type="checkbox" name="parameters-short"' in form
    values = {"name": "Runs", "symbol": "AAPL", "timeframe": "1d", "initial_capital": "1000"}
    assert "from 1 to 20" in page.post(url, values | {"parameters-count": "21"}).content.decode()
    saved = page.post(url, values | {"parameters-count": "5", "parameters-short": "on"})
    assert saved.status_code == 302
    assert Strategy.objects.get().parameters == {"count": 5, "short": True}
    assert "Buy after 5 rising closes in a row." in page.get(saved["Location"]).content.decode()


# -- an indicator -------------------------------------------------------------------------------------------


def momentum(values, period=10):
    """Change over `period` bars in units of price; first defined row `period`."""
    data, bars = column("values", values), period_of("period", period)
    out = np.full(data.size, np.nan)
    out[bars:] = data[bars:] - data[:-bars]
    return out


@pytest.fixture
def with_indicator(monkeypatch):
    monkeypatch.setattr(TechnicalIndicators, "momentum", staticmethod(momentum), raising=False)
    return TechnicalIndicators


def test_a_contributed_indicator_computes_and_keeps_the_common_promises(with_indicator):
    # 12 - 10, 9 - 12
    found = with_indicator.momentum([10, 12, 9], 1)
    np.testing.assert_allclose(found, [np.nan, 2.0, -3.0])
    close = random_bars(100).close
    np.testing.assert_array_equal(with_indicator.momentum(close[:60]), with_indicator.momentum(close)[:60])
    assert np.isnan(with_indicator.momentum(close[:5])).all()
    with pytest.raises(IndicatorError, match="row 1"):
        with_indicator.momentum([1, np.nan, 2], 1)
    with pytest.raises(IndicatorError, match="from 1 to"):
        with_indicator.momentum(close, 0)


def test_an_indicator_that_is_not_in_the_look_ahead_test_fails_it(with_indicator):
    from strategies.tests.test_indicators import (
        test_every_public_indicator_is_under_the_look_ahead_test as guard,
    )

    with pytest.raises(AssertionError):
        guard()
