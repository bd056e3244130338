"""The seeded generator as a data provider: any symbol has a history, and always the same one."""

from __future__ import annotations

import zlib

import numpy as np

from marketdata.bars import Bars
from marketdata.errors import ProviderError
from marketdata.providers.base import Capabilities, Provider
from marketdata.providers.registry import register
from marketdata.synthetic import MAX_BARS, SyntheticSpec, generate
from marketdata.timeframes import TIMEFRAMES, periods_per_year


@register
class SyntheticProvider(Provider):
    """Geometric Brownian motion on the exchange calendar, seeded by the symbol's letters."""

    key = "synthetic"
    label = "Synthetic"
    summary = "A seeded random walk for any symbol: for trying things out where no edge can exist."
    capabilities = Capabilities(timeframes=tuple(TIMEFRAMES), adjusted=True, any_symbol=True)

    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Generate bars from `start` (2015-01-02 by default) to `end` (1,000 bars when not given)."""
        self.require_timeframe(timeframe)
        first = "2015-01-02" if start is None else str(_day(start))
        count = 1000 if end is None else self._bars_until(timeframe, first, end)
        seed = zlib.crc32(symbol.upper().encode())
        return generate(SyntheticSpec(bars=count, seed=seed, start=first, timeframe=timeframe)).slice(
            start, end
        )

    def _bars_until(self, timeframe: str, first: str, end: np.datetime64 | str) -> int:
        days = int((_day(end) - _day(first)).astype(int)) + 1
        if days < 1:
            message = f"The end {end} lies before the start {first}. Swap them."
            raise ProviderError(message, fields={"end": [message]})
        # A year has at most 262 weekdays, 4 % more than the 252 of annualisation; the rest is a margin.
        count = int(days / 365.0 * periods_per_year(timeframe, "exchange") * 1.04) + 1500
        return min(count, MAX_BARS)


def _day(moment: np.datetime64 | str) -> np.datetime64:
    try:
        day: np.datetime64 = np.datetime64(moment).astype("datetime64[D]")
        return day
    except ValueError as error:
        message = f"{str(moment)[:40]!r} is not a date. Write it like 2020-01-31."
        raise ProviderError(message, fields={"start": [message]}) from error
