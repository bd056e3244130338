"""Which results, sweeps and counts of trials belong to users; the combinations of sweeps are copied as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.belongings import Belonging, ExportFile, register_belonging, unreadable
from algotrade.errors import LabError
from backtests.models import BacktestResult, Sweep


def declare() -> None:
    """Make known what belongs to users; called once, when the app is ready."""
    for belonging in (
        Belonging("backtests.TrialCount", "trial-counts"),
        Belonging("backtests.BacktestResult", "backtests", counted=True, files=f"{__name__}.long_run_files"),
        Belonging("backtests.Leg", "backtest-legs", owner="result__user", goes_along=True),
        Belonging("backtests.ModelUse", "backtest-models", owner="result__user", goes_along=True),
        Belonging("backtests.ResultColumns", "", owner="result__user", goes_along=True),
        Belonging("backtests.Sweep", "sweeps", counted=True, files=f"{__name__}.sweep_files"),
    ):
        register_belonging(belonging)


def long_run_files(user: Any) -> Iterator[ExportFile]:
    """Every bar of the curves and every trade of the runs that are too long for their rows."""
    from algotrade.csv_files import csv_lines
    from backtests.exports import EQUITY_COLUMNS, TRADE_COLUMNS, trade_rows

    for result in BacktestResult.objects.for_user(user).filter(stored_columns__isnull=False).order_by("pk"):
        name = f"backtests/{result.pk}"
        try:
            curve, trades = result.all_equity_rows, trade_rows(result)
        except LabError as error:
            yield unreadable(name, error)
            continue
        yield f"{name}-equity.csv", (line.encode() for line in csv_lines(EQUITY_COLUMNS, curve))
        yield f"{name}-trades.csv", (line.encode() for line in csv_lines(TRADE_COLUMNS, trades))


def sweep_files(user: Any) -> Iterator[ExportFile]:
    """All combinations of each sweep that ended well."""
    from algotrade.csv_files import csv_lines
    from backtests.sweeps.maps import cells_table

    for sweep in Sweep.objects.for_user(user).succeeded().order_by("pk"):
        name = f"sweeps/{sweep.pk}-combinations.csv"
        try:
            columns, rows = cells_table(sweep, "cell")
        except LabError as error:
            yield unreadable(name, error)
            continue
        yield name, (line.encode() for line in csv_lines(columns, rows))
