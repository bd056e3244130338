"""From a range of a space's cells to what has to be computed: which are refused, which share lines or an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtests.engine.config import SimulationConfig
from backtests.optimize.accounts import Accounts, accounts_of, rows_of, settings_of
from backtests.optimize.distinct import kinds_of, numbered
from backtests.optimize.lines import CrossingStrategy, Keys
from backtests.optimize.space import CONFIGURATION, Columns
from strategies.base import BaseStrategy

Cells = NDArray[np.int64]


@dataclass(frozen=True)
class Request:
    """What is the same for every cell of a sweep."""

    strategy_class: type[BaseStrategy]
    parameters: Mapping[str, Any]
    config: SimulationConfig
    periods_per_year: float

    def strategy(self, tuned: Mapping[str, Any]) -> BaseStrategy:
        """The strategy with these values among its parameters, or what refuses them."""
        return self.strategy_class(**self.strategy_class.tuned(self.parameters, tuned))

    def account(self, settings: Mapping[str, Any]) -> SimulationConfig:
        """The account with these settings, or what refuses them."""
        return replace(self.config, **settings_of(settings))

    def cell(self, values: Columns, cell: int) -> tuple[BaseStrategy, SimulationConfig]:
        """The strategy and the account of one cell, or what refuses them."""
        settings, tuned = split(values)
        return (
            self.strategy({name: column[cell].item() for name, column in tuned.items()}),
            self.account({name: column[cell].item() for name, column in settings.items()}),
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """A range of cells, numbered within it.

    Parameters
    ----------
    cells : ndarray of int64
        Those whose account is not refused.
    accounts : Accounts
    account_of : ndarray of int64, shape (n_rows,)
        Number of the account of every cell, refused ones too.
    parameters : dict of str to ndarray, shape (n_rows,)
        Columns of the strategy's parameters.
    """

    cells: Cells
    accounts: Accounts
    account_of: Cells
    parameters: Columns


@dataclass(frozen=True, eq=False)
class Crossings:
    """The lines of the valid cells of a batch."""

    cells: Cells
    fast: Keys
    slow: Keys


def split(columns: Columns) -> tuple[Columns, Columns]:
    """The account's settings by their own names, and the strategy's parameters."""
    settings = {
        name.removeprefix(CONFIGURATION): column
        for name, column in columns.items()
        if name.startswith(CONFIGURATION)
    }
    return settings, {name: column for name, column in columns.items() if not name.startswith(CONFIGURATION)}


def batch_of(request: Request, columns: Columns, rows: int) -> Batch:
    """Number the accounts of `rows` cells and set those aside that have none."""
    settings, parameters = split(columns)
    number, first = numbered(settings, rows)
    distinct = {name: column[first] for name, column in settings.items()}
    accounts = accounts_of(request.config, distinct, len(first), request.periods_per_year)
    return Batch(np.flatnonzero(~accounts.refused[number]), accounts, number, parameters)


def crossings_of(request: Request, strategy: CrossingStrategy, batch: Batch) -> Crossings | None:
    """The batch as pairs of lines; None when the parameters that are not swept are refused."""
    rest: dict[str, Any] = {}
    for param in request.strategy_class.params:
        if param.name not in batch.parameters:
            try:
                rest[param.name] = param.clean(request.parameters.get(param.name, param.default))  # type: ignore[attr-defined]
            except ValueError:
                return None
    if set(request.parameters) - {param.name for param in request.strategy_class.params}:
        return None
    chosen = {name: column[batch.cells] for name, column in batch.parameters.items()}
    columns, fine = _cleaned(request, chosen, len(batch.cells))
    cells = batch.cells
    if not fine.all():
        columns = {name: column[fine] for name, column in columns.items()}
        cells = cells[fine]
    valid = np.broadcast_to(strategy.valid_cells(rest | columns), cells.shape)
    fast, slow = (
        np.broadcast_to(keys, cells.shape)[valid] for keys in strategy.crossing_lines(rest | columns)
    )
    return Crossings(cells[valid], fast, slow)


def combinations_of(batch: Batch) -> tuple[list[dict[str, Any]], list[Cells]]:
    """The distinct combinations of parameters in a batch, and the cells of each."""
    chosen = {name: column[batch.cells] for name, column in batch.parameters.items()}
    number, first = numbered(chosen, len(batch.cells))
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number, minlength=len(first)))
    return rows_of(chosen, first), np.split(batch.cells[order], ends[:-1]) if len(first) else []


def _cleaned(request: Request, columns: Columns, rows: int) -> tuple[Columns, NDArray[np.bool_]]:
    """Each parameter's column as its `clean` returns it, and which rows it accepts."""
    known = {param.name: param for param in request.strategy_class.tunable(request.parameters)}
    fine = np.ones(rows, dtype=np.bool_)
    clean: Columns = {}
    for name, column in columns.items():
        kinds, place = kinds_of(column)
        accepted: list[Any] = []
        row_of_kind = np.full(len(kinds), -1)
        for i, value in enumerate(kinds.tolist()):
            try:
                accepted.append(known[name].clean(value))
                row_of_kind[i] = len(accepted) - 1
            except ValueError:
                continue
        if len(accepted) < len(kinds):
            fine &= (row_of_kind >= 0)[place]
        clean[name] = np.array(accepted or [0])[row_of_kind[place]]
    return clean, fine
