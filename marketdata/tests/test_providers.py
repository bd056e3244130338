"""Providers are found by name and speak one language."""

import numpy as np
import pytest

from marketdata.errors import ProviderError
from marketdata.providers import (
    Capabilities,
    CsvFilesProvider,
    Provider,
    SyntheticProvider,
    get_provider,
    names,
    registry,
)
from marketdata.tests.bars import make_bars


class Constant(Provider):
    key = "constant"
    label = "Constant"
    summary = "Always the same ten bars."
    capabilities = Capabilities(timeframes=("1d",), any_symbol=True)

    def history(self, symbol, timeframe, start=None, end=None):
        self.require_timeframe(timeframe)
        return make_bars(10).slice(start, end)


def test_the_built_in_providers_are_registered():
    assert {"csv", "synthetic"} <= set(names())
    assert get_provider("csv") is CsvFilesProvider


def test_a_miss_lists_the_names():
    with pytest.raises(ProviderError, match="Did you mean 'synthetic'"):
        get_provider("synthetik")


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ProviderError, match="taken by SyntheticProvider"):
        registry.register(type("Other", (Constant,), {"key": "synthetic"}))


def test_a_temporary_provider_is_gone_afterwards_even_after_an_error():
    def fail_with_it():
        with registry.temporarily(Constant):
            assert get_provider("constant") is Constant
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_with_it()
    assert "constant" not in names()


@pytest.mark.parametrize(
    "provider", [CsvFilesProvider(), SyntheticProvider(), Constant()], ids=lambda p: p.key
)
def test_every_provider_slices_by_both_ends_and_refuses_other_timeframes(provider):
    start, end = ("2024-01-03", "2024-01-05") if provider.key == "constant" else ("2010-02-01", "2010-03-01")
    bars = provider.history("AAPL", "1d", start, end)
    assert len(bars) > 0
    assert bars.time[0] >= np.datetime64(start)
    assert bars.time[-1] <= np.datetime64(end)
    with pytest.raises(ProviderError, match="has no timeframe '3d'"):
        provider.history("AAPL", "3d")


def test_the_samples_come_adjusted_and_in_utc():
    provider = CsvFilesProvider()
    apple = provider.history("aapl", "1d")
    # 2000-03-01: close 130.31, adj_close 4.186662803811
    assert apple.close[0] == pytest.approx(4.186662803811)
    assert apple.open[0] == pytest.approx(118.56 * 4.186662803811 / 130.31)
    assert apple.volume[0] == pytest.approx(9616100 * 130.31 / 4.186662803811)
    fund = provider.history("SPY", "1m")
    assert str(fund.time[0])[:16] == "2020-12-15T14:30"


def test_a_symbol_without_a_file_is_refused_with_the_list():
    with pytest.raises(ProviderError, match="There are AAPL 1d"):
        CsvFilesProvider().history("../secret", "1d")


def test_the_synthetic_provider_gives_one_history_per_symbol():
    provider = SyntheticProvider()
    first, again, other = (provider.history(symbol, "1d") for symbol in ("ABC", "abc", "XYZ"))
    assert first.close.tobytes() == again.close.tobytes()
    assert first.close.tobytes() != other.close.tobytes()
    with pytest.raises(ProviderError, match="lies before the start"):
        provider.history("ABC", "1d", "2020-01-01", "2019-01-01")
    with pytest.raises(ProviderError, match="is not a date"):
        provider.history("ABC", "1d", "soon")
