"""Bars for a screen: fewer of them, with every extreme kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marketdata.bars import Bars

MAX_POINTS = 2_000
POINTS_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class ChartBars:
    """Bars as a chart draws them; `total` counts those they were made from."""

    bars: Bars
    total: int

    @property
    def downsampled(self) -> bool:
        """Whether several bars were merged into one."""
        return len(self.bars) < self.total

    def rows(self) -> list[list[float]]:
        """Return [time in seconds, open, high, low, close, volume] for each bar."""
        seconds = self.bars.time.view(np.int64) // 1_000_000_000
        columns = (getattr(self.bars, name) for name in ("open", "high", "low", "close", "volume"))
        return [
            list(row) for row in zip(seconds.tolist(), *(values.tolist() for values in columns), strict=True)
        ]

    def to_dict(self, *, symbol: str, timeframe: str) -> dict[str, Any]:
        """Return the JSON that the candle chart reads."""
        return {
            "symbol": symbol,
            "timeframe": timeframe,
            "bars": self.rows(),
            "downsampled": self.downsampled,
            "total": self.total,
        }


def downsample(bars: Bars, max_points: int = MAX_POINTS) -> ChartBars:
    """Merge neighbouring bars until at most `max_points` are left.

    Every merged bar has the first open, the highest high, the lowest low, the last close and the whole volume of its
    group, labelled by the group's first time: no spike is lost, which picking every nth bar would do.
    """
    total = len(bars)
    size = -(-total // max(1, max_points))
    if size <= 1:
        return ChartBars(bars, total)
    first = np.arange(0, total, size)
    last = np.minimum(first + size, total) - 1
    merged = Bars.trusted(
        time=bars.time[first],
        open=bars.open[first],
        high=np.maximum.reduceat(bars.high, first),
        low=np.minimum.reduceat(bars.low, first),
        close=bars.close[last],
        volume=np.add.reduceat(bars.volume, first),
    )
    return ChartBars(merged, total)
