"""The accounts of a sweep as a table: one row a configuration, one column a setting, ready for the kernels.

Ten thousand pairs of a stop and a take-profit are ten thousand configurations; making an object of each would take
longer than trading it. Settings that do not depend on each other are therefore checked value by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import InvalidInput
from backtests.engine.config import SimulationConfig
from backtests.engine.kernels import ALL_IN, ATR_RISK, FRACTION, Rules
from backtests.engine.rules import rules_of
from backtests.optimize.distinct import kinds_of, numbered

Floats = NDArray[np.float64]

# Columns of the table: the engine's rules, then whether shorts are allowed (the engine reads that off the target).
CAPITAL, COMMISSION, FIXED, MINIMUM, IMPACT, SIZING, SIZE, WHOLE = map(
    Rules._fields.index,
    (
        "initial_capital",
        "commission",
        "commission_fixed",
        "commission_min",
        "impact",
        "sizing",
        "size",
        "whole_units",
    ),
)
STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BORROW, MAINTENANCE, HAS_EXITS, AT_CLOSE, LIQUIDATE = map(
    Rules._fields.index,
    (
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "borrow_per_bar",
        "maintenance",
        "has_exits",
        "at_close",
        "liquidate",
    ),
)
SHORT = len(Rules._fields)
COLUMNS = SHORT + 1

_ALONE = {
    "initial_capital": CAPITAL,
    "commission": COMMISSION,
    "commission_fixed": FIXED,
    "commission_min": MINIMUM,
    "stop_loss": STOP_LOSS,
    "take_profit": TAKE_PROFIT,
    "trailing_stop": TRAILING_STOP,
    "borrow_rate": BORROW,
    "whole_units": WHOLE,
    "allow_short": SHORT,
    "liquidate_at_end": LIQUIDATE,
}
"""Settings whose validity does not depend on another swept setting (stops do on `fill`)."""


ESTIMATED = ("vol_target", "atr_risk")


@dataclass(frozen=True, eq=False)
class Accounts:
    """Accounts by number.

    Parameters
    ----------
    table : ndarray of float64, shape (n_accounts, COLUMNS)
    refused : ndarray of bool, shape (n_accounts,)
        Combinations that `SimulationConfig` does not accept; their rows mean nothing.
    configs : tuple of SimulationConfig
        Examples of those that differ in what the sizing must know.
    estimate : ndarray of int64, shape (n_accounts,)
        Which of `configs` says what to estimate; -1 where the sizing needs no estimate.
    """

    table: Floats
    refused: NDArray[np.bool_]
    configs: tuple[SimulationConfig, ...]
    estimate: NDArray[np.int64]

    def tradable_by_events(self) -> NDArray[np.bool_]:
        """Accounts whose trades grow the cash by a factor that depends on prices alone; fixed exits are no matter."""
        t = self.table
        proportional = (t[:, FIXED] == 0.0) & (t[:, MINIMUM] == 0.0) & (t[:, WHOLE] == 0.0)
        share = ((t[:, SIZING] == ALL_IN) | (t[:, SIZING] == FRACTION)) & (t[:, SIZE] <= 1.0)
        lent = ((t[:, BORROW] > 0.0) & (t[:, SHORT] > 0.0)) | (t[:, MAINTENANCE] > 0.0)
        calm: NDArray[np.bool_] = (
            proportional
            & share
            & (t[:, TRAILING_STOP] == 0.0)
            & ~lent
            & (t[:, AT_CLOSE] == 0.0)
            & ~self.refused
        )
        return calm


def accounts_of(
    config: SimulationConfig, columns: Mapping[str, NDArray[Any]], rows: int, periods_per_year: float
) -> Accounts:
    """Return the accounts of `rows` combinations of settings, `columns` having one value a combination."""
    alone = [name for name in columns if name in _ALONE and not (_is_stop(name) and "fill" in columns)]
    joint = {name: column for name, column in columns.items() if name not in alone}
    number, first = numbered(joint, rows)
    bases = [_replaced(config, combo) for combo in rows_of(joint, first)]
    refused = np.array([base is None for base in bases])[number]
    sound = next((base for base in bases if base is not None), None)
    table = np.array([row_of(base or config, periods_per_year) for base in bases])[number]
    for name in alone:
        kinds, place = kinds_of(columns[name])
        fine = [sound is not None and _replaced(sound, {name: value}) is not None for value in kinds.tolist()]
        refused |= ~np.array(fine)[place]
        scale = periods_per_year if name == "borrow_rate" else 1.0
        table[:, _ALONE[name]] = np.nan_to_num(columns[name].astype(np.float64)) / scale
    # Told again: the exits that vary alone were not among the rules of the bases.
    exits = (table[:, [STOP_LOSS, TAKE_PROFIT, TRAILING_STOP]] > 0.0).any(axis=1)
    table[:, HAS_EXITS] = exits | (table[:, SIZING] == ATR_RISK)
    estimated = np.array([base is not None and base.sizing in ESTIMATED for base in bases])[number]
    return Accounts(table, refused, tuple(base or config for base in bases), np.where(estimated, number, -1))


def row_of(config: SimulationConfig, periods_per_year: float) -> list[float]:
    """One configuration as a row of the table; an exit that is not set is 0."""
    return [*map(float, rules_of(config, periods_per_year)), float(config.allow_short)]


def rows_of(columns: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """These rows of the columns as plain values by name."""
    lists = {name: column[rows].tolist() for name, column in columns.items()}
    return [{name: values[i] for name, values in lists.items()} for i in range(len(rows))]


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row of columns as a configuration takes them: NaN is a setting left empty."""
    return {name: None if value != value else value for name, value in values.items()}


def _is_stop(name: str) -> bool:
    return name in ("stop_loss", "take_profit", "trailing_stop")


def _replaced(config: SimulationConfig, values: Mapping[str, Any]) -> SimulationConfig | None:
    try:
        return replace(config, **settings_of(values))
    except InvalidInput:
        return None
