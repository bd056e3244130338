"""How an account trades: costs, sizing, exits and limits, validated once.

Plain Python only, so that a form, the API and a job child check the same settings with the same code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

from algotrade.errors import shown
from backtests.engine.errors import ConfigError
from backtests.engine.settings import AccountSettings

ENGINE_VERSION = "1.4.0"

Fill = Literal["next_open", "close"]
Sizing = Literal["all_in", "fraction", "units", "cash", "vol_target", "atr_risk"]

FILLS: tuple[Fill, ...] = ("next_open", "close")
SIZINGS: tuple[Sizing, ...] = ("all_in", "fraction", "units", "cash", "vol_target", "atr_risk")


@dataclass(frozen=True, slots=True)
class Bounds:
    """The permitted range of a number and what to write instead of a value outside it."""

    low: float
    high: float
    remedy: str
    low_open: bool = False
    high_open: bool = False
    optional: bool = False
    whole: bool = False

    def contains(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        return above and (value < self.high if self.high_open else value <= self.high)


_FRACTION = "Give a fraction from 0 to below 1, for example 0.001 for 0.1 %."
_CASH = "Give an amount of 0 or more."
_STOP = "Give a fraction above 0 and below 1, for example 0.05 for 5 %, or leave it empty."

BOUNDS: Mapping[str, Bounds] = {
    "initial_capital": Bounds(0.0, 1e15, "Give an amount above 0 and up to 1e15.", low_open=True),
    "commission": Bounds(0.0, 1.0, _FRACTION, high_open=True),
    "commission_fixed": Bounds(0.0, 1e15, _CASH),
    "commission_min": Bounds(0.0, 1e15, _CASH),
    "slippage": Bounds(0.0, 1.0, _FRACTION, high_open=True),
    "spread": Bounds(0.0, 1.0, _FRACTION, high_open=True),
    "size": Bounds(0.0, 1e15, "Give a number above 0.", low_open=True),
    "leverage": Bounds(1.0, 100.0, "Give a number from 1 (no borrowed money) to 100."),
    "stop_loss": Bounds(0.0, 1.0, _STOP, low_open=True, high_open=True, optional=True),
    "take_profit": Bounds(
        0.0,
        1e6,
        "Give a fraction above 0, for example 0.1 for 10 %, or leave it empty.",
        low_open=True,
        optional=True,
    ),
    "trailing_stop": Bounds(0.0, 1.0, _STOP, low_open=True, high_open=True, optional=True),
    "borrow_rate": Bounds(0.0, 100.0, "Give a yearly fraction from 0 to 100, for example 0.03 for 3 %."),
    "maintenance_margin": Bounds(0.0, 1.0, _FRACTION, high_open=True),
    "volatility_window": Bounds(2, 10_000, "Give a whole number of bars from 2 to 10000.", whole=True),
    "atr_window": Bounds(1, 10_000, "Give a whole number of bars from 1 to 10000.", whole=True),
    "atr_multiple": Bounds(0.0, 1000.0, "Give a number above 0 and up to 1000.", low_open=True),
}
CHOICES: Mapping[str, tuple[str, ...]] = {"fill": FILLS, "sizing": SIZINGS}
SWITCHES = ("whole_units", "allow_short", "liquidate_at_end")


@dataclass(frozen=True, slots=True)
class SimulationConfig(AccountSettings):
    """The settings of one simulation. Rates are fractions, amounts are in the account's currency.

    Parameters
    ----------
    initial_capital : float
        Cash before the first bar.
    commission, commission_fixed, commission_min : float
        Fee of a fill = max(commission_min, |quantity| * price * commission + commission_fixed).
    slippage, spread : float
        A fill costs slippage + spread / 2 of its price, always to the disadvantage; take-profit limits do not slip.
    fill : {"next_open", "close"}
        When the order decided at a close is filled. "close" is optimistic (it trades at the price it was decided
        on) and knows no intrabar exits.
    sizing : {"all_in", "fraction", "units", "cash", "vol_target", "atr_risk"}
        What `size` means: nothing (all_in), share of cash, units, cash per entry with its fee, yearly volatility
        wanted, or share of the account lost when the stop at atr_multiple * ATR is hit.
    whole_units : bool
        Round quantities down to whole units.
    allow_short : bool
        When False a target of -1 means 0.
    leverage : float
        An order whose cost is above cash * leverage is rejected.
    stop_loss, take_profit, trailing_stop : float or None
        Distance from the entry fill price (trailing: from the best price of earlier bars) as a fraction.
    borrow_rate : float
        Yearly cost of a short position on its value, charged for each bar.
    maintenance_margin : float
        With leverage: an account below this share of its position's value is liquidated at the next open.
    liquidate_at_end : bool
        Close what is left at the last close, with costs.
    volatility_window : int
        Number of returns behind the volatility of vol_target (sample standard deviation of close to close).
    atr_window, atr_multiple : int, float
        Wilder's average true range and its multiple for atr_risk.

    Raises
    ------
    ConfigError
        With every problem in `fields`, by setting.
    """

    initial_capital: float = 10_000.0
    commission: float = 0.0
    commission_fixed: float = 0.0
    commission_min: float = 0.0
    slippage: float = 0.0
    spread: float = 0.0
    fill: Fill = "next_open"
    sizing: Sizing = "all_in"
    size: float = 1.0
    whole_units: bool = False
    allow_short: bool = True
    leverage: float = 1.0
    stop_loss: float | None = None
    take_profit: float | None = None
    trailing_stop: float | None = None
    borrow_rate: float = 0.0
    maintenance_margin: float = 0.0
    liquidate_at_end: bool = True
    volatility_window: int = 20
    atr_window: int = 14
    atr_multiple: float = 2.0

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = {}
        for field in fields(self):
            value, problem = _clean(field.name, getattr(self, field.name))
            if problem:
                problems[field.name] = [problem]
            else:
                object.__setattr__(self, field.name, value)
        if not problems:
            problems = _conflicts(self)
        if problems:
            raise ConfigError(fields=problems)

    @property
    def optimistic(self) -> bool:
        """True when fills use a price that was only known after the decision."""
        return self.fill == "close"


def _clean(name: str, value: Any) -> tuple[Any, str]:
    """Return the value in its final type and an empty string, or the problem in words."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if name in CHOICES:
        choices = CHOICES[name]
        good = isinstance(value, str) and value in choices
        return (
            value,
            "" if good else f"{name} {shown(value)} is unknown. Choose one of {', '.join(choices)}.",
        )
    if name in SWITCHES:
        return value, "" if isinstance(
            value, bool
        ) else f"{name} {shown(value)} is not a switch. Give true or false."
    return _clean_number(name, value, BOUNDS[name])


def _clean_number(name: str, value: Any, bounds: Bounds) -> tuple[Any, str]:
    if value is None and bounds.optional:
        return None, ""
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        return value, f"{name} {shown(value)} is not a number. {bounds.remedy}"
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number) or not bounds.contains(number):
        return value, f"{name} {shown(value)} is out of range. {bounds.remedy}"
    if bounds.whole:
        return int(
            number
        ), "" if number.is_integer() else f"{name} {shown(value)} has decimals. {bounds.remedy}"
    return number, ""


def _conflicts(config: SimulationConfig) -> dict[str, list[str]]:
    """Settings that are fine alone and meaningless together: refused, because they would be ignored otherwise."""
    found: dict[str, list[str]] = {}

    def refuse(name: str, why: str) -> None:
        found[name] = [f"{name} {shown(getattr(config, name))} {why}"]

    if config.impact >= 1.0:
        refuse(
            "spread",
            "and slippage together take the whole price. Lower them: slippage + spread / 2 is below 1.",
        )
    if config.sizing == "all_in" and config.size != 1.0:
        refuse("size", 'has no meaning with sizing "all_in". Leave it at 1 or choose another sizing.')
    if config.sizing == "fraction" and config.size > config.leverage:
        refuse(
            "size", f"is above the leverage of {config.leverage:g}. Give a share of cash up to the leverage."
        )
    if config.sizing == "atr_risk" and config.size >= 1.0:
        refuse(
            "size", "would risk the whole account on one trade. Give a fraction below 1, for example 0.01."
        )
    if config.maintenance_margin > 0.0 and config.leverage == 1.0:
        refuse("maintenance_margin", "has no effect without leverage. Set leverage above 1 or leave it at 0.")
    if config.fill == "close":
        for name in ("stop_loss", "take_profit", "trailing_stop"):
            if getattr(config, name) is not None:
                refuse(name, 'cannot be watched with fill "close". Leave it empty or fill at the next open.')
        if config.sizing == "atr_risk":
            refuse("sizing", 'sets a stop, which fill "close" cannot watch. Fill at the next open.')
    defaults = {field.name: field.default for field in fields(config)}
    for name, sizing in _OWNERS.items():
        if config.sizing != sizing and getattr(config, name) != defaults[name]:
            refuse(
                name, f'only acts with sizing "{sizing}". Choose that sizing or leave it at {defaults[name]}.'
            )
    return found


_OWNERS = {"volatility_window": "vol_target", "atr_window": "atr_risk", "atr_multiple": "atr_risk"}
