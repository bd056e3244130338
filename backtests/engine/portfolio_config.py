"""How an account over several symbols trades. Plain Python only, like `config.py`, whose checks it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from algotrade.errors import shown
from backtests.engine.config import Bounds, SimulationConfig
from backtests.engine.errors import ConfigError
from backtests.engine.settings import AccountSettings

Rebalance = Literal["bars", "day", "week", "month", "signal"]

REBALANCES: tuple[Rebalance, ...] = ("bars", "day", "week", "month", "signal")
SHARED = (
    *("initial_capital", "commission", "commission_fixed", "commission_min", "slippage", "spread"),
    *("whole_units", "allow_short", "leverage", "borrow_rate", "liquidate_at_end"),
)
OWN_BOUNDS: Mapping[str, Bounds] = {
    "rebalance_every": Bounds(1, 100_000, "Give a whole number of bars from 1 to 100000.", whole=True),
    "cash_buffer": Bounds(
        0.0, 1.0, "Give a fraction from 0 to below 1, for example 0.02 for 2 %.", high_open=True
    ),
    "min_trade": Bounds(
        0.0, 1.0, "Give a fraction from 0 to below 1, for example 0.01 for 1 %.", high_open=True
    ),
}
_NOT_HERE = "does not act on a portfolio, whose positions follow its weights. Leave it out."


@dataclass(frozen=True, slots=True)
class PortfolioConfig(AccountSettings):
    """The settings of one simulation over several symbols. Rates are fractions, amounts in the account's currency.

    Parameters
    ----------
    initial_capital, commission, commission_fixed, commission_min, slippage, spread : float
        As in `SimulationConfig`; each symbol's fill pays its own fee.
    whole_units, allow_short, liquidate_at_end : bool
        As in `SimulationConfig`; without short positions a weight below 0 means 0.
    leverage : float
        The most that long and short positions together are worth after a fill, as a multiple of the account's
        value. Weights that ask for more are scaled down together.
    borrow_rate : float
        Yearly cost of short positions on their value, charged for each bar.
    rebalance : {"bars", "day", "week", "month", "signal"}
        When weights are acted on: at every `rebalance_every`-th close, at the last close of each day, week (which
        starts on Monday) or month in UTC, or whenever they change. The first weights are acted on at once.
    rebalance_every : int
        Number of bars, for "bars" only.
    cash_buffer : float
        Share of the account's value that weights leave alone: a weight w asks for w * (1 - cash_buffer) of it.
    min_trade : float
        A position that exists is adjusted only by at least this share of the account's value.

    Raises
    ------
    ConfigError
        With every problem in `fields`, by setting.
    """

    foreign: ClassVar[Mapping[str, str]] = {
        field.name: _NOT_HERE for field in fields(SimulationConfig) if field.name not in SHARED
    }

    initial_capital: float = 10_000.0
    commission: float = 0.0
    commission_fixed: float = 0.0
    commission_min: float = 0.0
    slippage: float = 0.0
    spread: float = 0.0
    whole_units: bool = False
    allow_short: bool = True
    leverage: float = 1.0
    borrow_rate: float = 0.0
    liquidate_at_end: bool = True
    rebalance: Rebalance = "signal"
    rebalance_every: int = 1
    cash_buffer: float = 0.0
    min_trade: float = 0.0

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = {}
        try:
            checked = SimulationConfig(**{name: getattr(self, name) for name in SHARED})
        except ConfigError as error:
            problems |= error.fields
        else:
            for name in SHARED:
                object.__setattr__(self, name, getattr(checked, name))
        for name, bounds in OWN_BOUNDS.items():
            value, problem = _clean(name, getattr(self, name), bounds)
            if problem:
                problems[name] = [problem]
            else:
                object.__setattr__(self, name, value)
        problems |= _problem_with_period(self)
        if problems:
            raise ConfigError(fields=problems)

    @property
    def optimistic(self) -> bool:
        """Whether fills use a price that was only known after the decision: never, here."""
        return False


def _clean(name: str, value: Any, bounds: Bounds) -> tuple[float, str]:
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0, f"{name} {shown(value)} is not a number. {bounds.remedy}"
    if not bounds.contains(value):
        return 0.0, f"{name} {shown(value)} is out of range. {bounds.remedy}"
    if bounds.whole and value != int(value):
        return 0.0, f"{name} {shown(value)} has decimals. {bounds.remedy}"
    return (int(value) if bounds.whole else float(value)), ""


def _problem_with_period(config: PortfolioConfig) -> dict[str, list[str]]:
    if config.rebalance not in REBALANCES:
        said = f"rebalance {shown(config.rebalance)} is unknown. Choose one of {', '.join(REBALANCES)}."
        return {"rebalance": [said]}
    if config.rebalance != "bars" and config.rebalance_every != 1:
        said = 'rebalance_every only acts with rebalance "bars". Choose that or leave it at 1.'
        return {"rebalance_every": [said]}
    return {}
