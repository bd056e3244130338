"""A folder of CSV files as a data provider. Without a folder of its own it serves the vendored samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from marketdata.bars import Bars
from marketdata.errors import ProviderError
from marketdata.providers.base import Capabilities, Provider
from marketdata.providers.registry import register
from marketdata.reading.in_memory import read_bars
from marketdata.reading.layout import Reading
from marketdata.samples import SAMPLES, SAMPLES_DIR, SampleFile
from marketdata.timeframes import TIMEFRAMES, get_timeframe


@register
class CsvFilesProvider(Provider):
    """Files named in a manifest, read whole on each request."""

    key = "csv"
    label = "CSV files"
    summary = "Bars from CSV files: the vendored samples, or a folder with a manifest of your own."
    capabilities = Capabilities(
        timeframes=tuple(TIMEFRAMES),
        adjusted=True,
        symbol_help="A symbol of the samples: AAPL, EURUSD.",
    )

    def __init__(self, folder: Path = SAMPLES_DIR, manifest: Sequence[SampleFile] = SAMPLES) -> None:
        self.folder = folder
        self.manifest = tuple(manifest)

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of the manifest."""
        return tuple(sorted({item.symbol for item in self.manifest}))

    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Read the file of `symbol` and `timeframe`."""
        self.begin(timeframe)
        for item in self.manifest:
            if (item.symbol, item.timeframe) == (symbol.upper(), timeframe):
                return self._read(item).slice(start, end)
        listed = ", ".join(f"{item.symbol} {item.timeframe}" for item in self.manifest)
        message = f"There is no file of {symbol[:40]!r} in {timeframe}. There are {listed}."
        raise ProviderError(message, fields={"symbol": [message]})

    def _read(self, item: SampleFile) -> Bars:
        reading = Reading(
            timezone=item.timezone,
            session_dates=not get_timeframe(item.timeframe).is_intraday,
            adjust=item.adjust,
        )
        return read_bars(self.folder / item.file, reading=reading)
