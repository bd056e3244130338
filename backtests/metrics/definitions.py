"""What each figure means: formula, unit, convention, and when it has no value. Plain Python, no compiler.

Symbols: E_t equity at the close of bar t (E_0 the starting capital), r_t = E_t / E_{t-1} - 1, n the number of
returns, P the bars per year, rf the risk-free rate per bar = (1 + R)^(1/P) - 1, b_t the benchmark's returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from backtests.metrics import glossary_account, glossary_trades
from backtests.metrics.units import Unit


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure's meaning. `undefined` says when there is no value (empty: there always is one)."""

    name: str
    label: str
    formula: str
    unit: Unit
    convention: str
    undefined: str


DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {row[0]: Definition(*row) for row in (*glossary_account.ROWS, *glossary_trades.ROWS)}
)
