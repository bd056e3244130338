"""What a finished simulation leaves in the database: plain columns and bounded JSON, built without touching a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests import curves
from backtests.long_runs import MOST_TRADES, LongColumns, rows_of_trades
from backtests.models import METRIC_COLUMNS, ModelUse, ResultColumns
from marketdata.bars import Bars


@dataclass(frozen=True, slots=True)
class Outcome:
    """The parts of a result that a run computes."""

    bar_count: int
    metrics: dict[str, Any]
    undefined: dict[str, str]
    trades: list[dict[str, Any]]
    equity_curve: list[list[float | None]]
    overlays: list[dict[str, Any]]
    sparkline: list[float]
    warnings: list[dict[str, Any]]
    engine_version: str
    contributions: tuple[dict[str, Any], ...] = ()
    """What each leg contributed, in their order; for runs over several symbols."""
    retraining: tuple[str, ...] = ()
    """Times from which on a newly trained model decides; for runs that models decide."""
    in_sample_share: float = 0.0
    """Share of the bars decided by a model that was trained on them."""
    long: LongColumns | None = None
    """All bars of the curves and all trades, as far as the row has no room for them."""

    def columns(self) -> dict[str, Any]:
        """Every column of the result row that this outcome sets."""
        headline = {name: self.metrics.get(name) for name in METRIC_COLUMNS}
        return {
            **headline,
            "bar_count": self.bar_count,
            "metrics": self.metrics,
            "undefined": self.undefined,
            "trades": self.trades,
            "equity_curve": self.equity_curve,
            "overlays": self.overlays,
            "sparkline": self.sparkline,
            "warnings": self.warnings,
            "engine_version": self.engine_version,
        }

    def model_use(self) -> dict[str, Any] | None:
        """The columns of the result's `ModelUse`; None where no model decided anything."""
        if not (self.retraining or self.in_sample_share):
            return None
        return {"retraining": list(self.retraining), "in_sample_share": self.in_sample_share}


def store_model_use(result_id: int, use: dict[str, Any]) -> None:
    """Write what models had to do with a run; one that is computed again replaces it."""
    ModelUse.objects.update_or_create(result_id=result_id, defaults=use)


def store_columns(result_id: int, stored: dict[str, str]) -> None:
    """Write where the columns of a long run lie; of one that is computed again, where they lie now."""
    if stored:
        ResultColumns.objects.update_or_create(result_id=result_id, defaults=stored)
    else:
        ResultColumns.objects.filter(result_id=result_id).delete()


def moments(time: Any) -> tuple[str, ...]:
    """Times of bars as text in UTC, to the second."""
    return tuple(f"{text}Z" for text in np.datetime_as_string(time.astype("datetime64[s]")))


def trade_rows(trades: Any) -> list[dict[str, Any]]:
    """The newest trades as JSON, at most `MOST_TRADES`; a longer record is kept as columns (`long_runs`)."""
    newest = trades[-MOST_TRADES:]
    return rows_of_trades({name: newest[name] for name in trades.dtype.names or ()})


def equity_rows(time: Any, equity: Any, benchmark: Any, drawdown: Any) -> list[list[float | None]]:
    """`[[seconds, equity, buy and hold, drawdown], ...]`, at most `curves.MAX_POINTS`, extremes kept."""
    worst = int(np.argmin(drawdown))
    rows = curves.keep_extremes(equity, also=(worst,))
    parts = [[curves.finite(value) for value in column[rows]] for column in (equity, benchmark, drawdown)]
    return [list(row) for row in zip(curves.seconds(time[rows]), *parts, strict=True)]


def overlay_rows(overlays: Iterable[Any], bars: Bars) -> list[dict[str, Any]]:
    """The strategy's lines at the candles that the result's chart draws, as the chart reads them."""
    starts = curves.stretches(len(bars))
    ends = curves.stretch_ends(starts, len(bars))
    times = curves.seconds(bars.time[starts])
    return [
        {
            "name": line.name,
            "pane": line.pane,
            "points": [
                [time, curves.finite(value)] for time, value in zip(times, line.values[ends], strict=True)
            ],
        }
        for line in overlays
    ]
