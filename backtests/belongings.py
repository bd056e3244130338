"""Which results, sweeps and counts of trials belong to users; the combinations of sweeps are copied as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.belongings import Belonging, ExportFile, register_belonging
from algotrade.errors import LabError
from backtests.models import Sweep


def declare() -> None:
    """Make known what belongs to users; called once, when the app is ready."""
    for belonging in (
        Belonging("backtests.TrialCount", "trial-counts"),
        Belonging("backtests.BacktestResult", "backtests", counted=True),
        Belonging("backtests.Leg", "backtest-legs", owner="result__user", goes_along=True),
        Belonging("backtests.ModelUse", "backtest-models", owner="result__user", goes_along=True),
        Belonging("backtests.ResultColumns", "", owner="result__user", goes_along=True),
        Belonging("backtests.Sweep", "sweeps", counted=True, files=f"{__name__}.sweep_files"),
    ):
        register_belonging(belonging)


def sweep_files(user: Any) -> Iterator[ExportFile]:
    """All combinations of each sweep that ended well."""
    from algotrade.csv_files import csv_lines
    from backtests.sweeps.maps import cells_table

    for sweep in Sweep.objects.for_user(user).succeeded().order_by("pk"):
        name = f"sweeps/{sweep.pk}-combinations.csv"
        try:
            columns, rows = cells_table(sweep, "cell")
        except LabError as error:
            yield f"{name}.error.txt", [error.detail.encode()]
            continue
        yield name, (line.encode() for line in csv_lines(columns, rows))
