"""The recipe "add a data provider" of CONTRIBUTING, followed step by step."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.errors import ProviderError
from marketdata.providers import Capabilities, Provider, names, registry
from marketdata.services import current_snapshot, import_bars, open_snapshot
from marketdata.tests.conftest import make_series


# Steps 1 and 2: one class in its own file, that names itself, states what it can do and gives bars.
class MoonPhaseProvider(Provider):
    key = "moon_phase"
    label = "Moon phase"
    summary = "A price that follows the moon, for one imaginary symbol."
    capabilities = Capabilities(timeframes=("1d",), any_symbol=False)

    def symbols(self):
        return ("MOON",)

    def history(self, symbol, timeframe, start=None, end=None):
        self.begin(timeframe)
        if symbol != "MOON":
            raise ProviderError(f"There is no {symbol!r} on the moon. There is MOON.")
        time = np.arange("2024-01-01", "2024-07-01", dtype="datetime64[D]").astype("datetime64[ns]")
        close = 100.0 + 10.0 * np.sin(np.arange(len(time)) * 2 * np.pi / 29.53)
        bars = Bars(
            time=time, open=close, high=close + 1, low=close - 1, close=close, volume=np.ones(len(time))
        )
        return bars.slice(start, end)


@pytest.fixture
def registered():
    # Step 3 is the decorator `@register`; a test registers for its own length only.
    with registry.temporarily(MoonPhaseProvider) as provider:
        yield provider


def test_the_new_provider_is_found_and_shown_by_the_api(registered, api):
    assert "moon_phase" in names()
    shown = {item["key"]: item for item in api.get("/api/market-data/providers/").json()}
    assert shown["moon_phase"]["symbols"] == ["MOON"]
    assert shown["moon_phase"]["timeframes"] == ["1d"]


def test_its_bars_become_a_series_like_any_other(registered, user):
    bars = registered().history("MOON", "1d", "2024-02-01", "2024-02-29")
    series = make_series(user, "MOON", source="moon_phase")
    import_bars(series=series, bars=bars)
    assert len(open_snapshot(current_snapshot(series))) == 29


def test_it_refuses_what_it_does_not_have(registered):
    with pytest.raises(ProviderError, match="has no timeframe '1h'"):
        registered().history("MOON", "1h")
    with pytest.raises(ProviderError, match="There is MOON"):
        registered().history("SUN", "1d")
