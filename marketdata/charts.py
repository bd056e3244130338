"""Bars for a screen: fewer of them, with every extreme kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marketdata.bars import COLUMNS, Bars
from marketdata.resample import merge_groups

MAX_POINTS = 2_000
POINTS_LIMIT = 10_000
FEWEST_POINTS = 10


@dataclass(frozen=True, slots=True)
class ChartBars:
    """Bars as a chart draws them; `total` counts those they were made from."""

    bars: Bars
    total: int

    @property
    def downsampled(self) -> bool:
        """Whether several bars were merged into one."""
        return len(self.bars) < self.total

    @property
    def bars_per_row(self) -> int:
        """How many bars each row is made from; the last row may be made from fewer."""
        return -(-self.total // max(1, len(self.bars)))

    def rows(self) -> list[list[float]]:
        """Return [time in seconds, open, high, low, close, volume] for each bar."""
        seconds = self.bars.time.view(np.int64) // 1_000_000_000
        columns = (getattr(self.bars, name) for name in COLUMNS)
        return [
            list(row) for row in zip(seconds.tolist(), *(values.tolist() for values in columns), strict=True)
        ]

    def to_dict(self, *, symbol: str, timeframe: str) -> dict[str, Any]:
        """Return the JSON that the candle chart reads."""
        return {
            "symbol": symbol,
            "timeframe": timeframe,
            "total": self.total,
            "downsampled": self.downsampled,
            "bars_per_row": self.bars_per_row,
            "bars": self.rows(),
        }


def downsample(bars: Bars, max_points: int = MAX_POINTS) -> ChartBars:
    """Merge neighbouring bars until at most `max_points` are left.

    A merged bar is labelled by its group's first time: no spike is lost, which picking every nth bar would do.
    """
    total = len(bars)
    size = -(-total // max(1, max_points))
    if size <= 1:
        return ChartBars(bars, total)
    first = np.arange(0, total, size)
    merged = merge_groups(bars, first, bars.time[first])
    volume = np.minimum(merged.volume, np.finfo(np.float64).max)  # JSON knows no infinity
    return ChartBars(replace(merged, volume=volume), total)
