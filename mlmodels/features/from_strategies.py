"""A strategy's indicators and its position as features, made free of the level of prices.

Which of its lines can be features, and how, is decided on made-up bars and not on those of the user: so a model is
asked with the same columns that it was trained on, whatever the bars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from json import dumps, loads
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

import strategies.library  # noqa: F401  registers the built-in types
from algotrade.errors import LabError, nearest, shown
from marketdata.bars import Bars
from mlmodels.errors import TrainingError
from strategies.base import BaseStrategy
from strategies.portfolio import PortfolioStrategy
from strategies.registry import get_strategy_class

Floats: TypeAlias = NDArray[np.float64]
Column: TypeAlias = tuple[str, Floats]

LONGEST_NAME = 100
PROBE_BARS = 3_000
TARGET = "position"


class Unit(Enum):
    """What a line is measured in, and so how it becomes a feature."""

    PRICE = "price"
    """On the scale of the price: the close over it, less 1."""
    CHANGE = "change"
    """In units of the price, but not a price (a MACD line, an average true range): as a share of the close."""
    NONE = "none"
    """The same at any price and volume: as it is."""
    UNFIT = "unfit"
    """Always the same, or it grows with the volume or in another way with the price: no feature."""


@dataclass(frozen=True, slots=True)
class StrategyFeatures:
    """A strategy whose indicators and position are features.

    Parameters
    ----------
    strategy_type : str
        Key of a registered type over one symbol that needs no trained model.
    parameters : mapping
        Its parameters; those left out take their defaults.
    name : str
        What its columns begin with; the type's label when empty.

    Raises
    ------
    TrainingError
        Field "strategies".
    """

    strategy_type: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    name: str = ""

    def __post_init__(self) -> None:
        kind = _kind(self.strategy_type)
        if not isinstance(self.parameters, Mapping):
            raise _refused(f"{kind.label}: give its parameters as an object of names and values.")
        try:
            object.__setattr__(self, "parameters", kind.clean_parameters(self.parameters))
        except LabError as error:
            raise _refused(error.detail) from error
        name = self.name.strip() if isinstance(self.name, str) else None
        if name is None or len(name) > LONGEST_NAME:
            raise _refused(
                f"{shown(self.name)} is no name for a strategy's features. Give up to {LONGEST_NAME} characters."
            )
        object.__setattr__(self, "name", name or kind.label)

    @classmethod
    def from_dict(cls, given: Any) -> StrategyFeatures:
        """Build from plain values, or raise TrainingError."""
        known = ("strategy_type", "parameters", "name")
        if not isinstance(given, Mapping) or "strategy_type" not in given:
            raise _refused("Give each strategy as an object with strategy_type, parameters and name.")
        for key in given:
            if key not in known:
                raise _refused(f"There is no {shown(key)} in a strategy's features. {nearest(key, known)}")
        return cls(given["strategy_type"], given.get("parameters") or {}, given.get("name") or "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them back."""
        return {"strategy_type": self.strategy_type, "parameters": dict(self.parameters), "name": self.name}

    def strategy(self) -> BaseStrategy:
        return _kind(self.strategy_type)(**self.parameters)

    @property
    def warmup(self) -> int:
        """Index of the first row that can hold a decision, as the strategy says it."""
        return self.strategy().warmup()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns. Computes the strategy on made-up bars: for jobs, not for web requests."""
        return tuple(self._named(line) for line, _ in _lines_of(self.strategy_type, _key(self.parameters)))

    def columns(self, bars: Bars) -> tuple[Column, ...]:
        """Name and values, shape (n_bars,), of each column.

        Row t depends on bars up to t if the strategy is causal, which `audit_features` checks. NaN where a line has no
        value; the position is -1, 0 or 1, and NaN before the strategy's warm-up.
        """
        strategy, found = self.strategy(), []
        lines = {name: values for name, values, _ in _overlays(strategy, bars)}
        for name, unit in _lines_of(self.strategy_type, _key(self.parameters)):
            values = _position(strategy, bars) if unit is None else _scaled(lines.get(name), unit, bars)
            found.append((self._named(name), values))
        return tuple(found)

    def _named(self, line: str) -> str:
        return f"{self.name}: {line}"


def _kind(strategy_type: str) -> type[BaseStrategy]:
    try:
        kind = get_strategy_class(strategy_type)
    except LabError as error:
        raise _refused(error.detail) from error
    if issubclass(kind, PortfolioStrategy):
        raise _refused(f"{kind.label} looks at several symbols. Take a strategy over one symbol.")
    if kind.uses_model:
        raise _refused(
            f"{kind.label} decides by a model, which may have been trained on what is to be foreseen. Take another."
        )
    return kind


def _refused(message: str) -> TrainingError:
    return TrainingError(message, fields={"strategies": [message]})


def _key(parameters: Mapping[str, Any]) -> str:
    return dumps(dict(parameters), sort_keys=True, default=str)


def _overlays(strategy: BaseStrategy, bars: Bars) -> list[tuple[str, Floats, str]]:
    """Name, values and pane of the strategy's lines; of two with one name the first."""
    found: dict[str, tuple[str, Floats, str]] = {}
    for line in strategy.overlays(bars):
        values = np.asarray(line.values, dtype=np.float64)
        found.setdefault(line.name, (line.name, values, line.pane))
    return list(found.values())


def _position(strategy: BaseStrategy, bars: Bars) -> Floats:
    """The wanted position at each close: out before the first decision, NaN before the warm-up."""
    target = np.asarray(strategy.target(bars), dtype=np.float64)
    decided = np.isfinite(target)
    last = np.maximum.accumulate(np.where(decided, np.arange(target.size), -1))
    position = np.where(last >= 0, target[last], 0.0) if target.size else target.copy()
    position[: strategy.warmup()] = np.nan
    return position


def _scaled(values: Floats | None, unit: Unit, bars: Bars) -> Floats:
    result = np.full(len(bars), np.nan)
    if values is None:
        return result
    if unit is Unit.NONE:
        result[:] = values
    elif unit is Unit.CHANGE:
        np.divide(values, bars.close, out=result)
    else:
        np.divide(bars.close, values, out=result, where=values != 0.0)
        result -= 1.0
    return result


@lru_cache(maxsize=256)
def _lines_of(strategy_type: str, parameters: str) -> tuple[tuple[str, Unit | None], ...]:
    """Names and units of the lines that can be features, and the position, whose unit is None."""
    strategy = StrategyFeatures(strategy_type, loads(parameters)).strategy()
    bars = _probe()
    plain = _overlays(strategy, bars)
    dearer = {name: values for name, values, _ in _overlays(strategy, _times(bars, price=2.0))}
    busier = {name: values for name, values, _ in _overlays(strategy, _times(bars, volume=2.0))}
    lines: list[tuple[str, Unit | None]] = []
    for name, values, pane in plain:
        unit = _unit(values, dearer.get(name), busier.get(name), pane)
        if unit is not Unit.UNFIT:
            lines.append((name, unit))
    return (*lines, (TARGET, None))


def _unit(values: Floats, dearer: Floats | None, busier: Floats | None, pane: str) -> Unit:
    if dearer is None or busier is None:
        return Unit.UNFIT
    known = values[np.isfinite(values)]
    if known.size < 2 or known.min() == known.max() or not _same(values, busier):
        return Unit.UNFIT
    if _same(dearer, 2.0 * values):
        return Unit.PRICE if pane == "price" else Unit.CHANGE
    return Unit.NONE if _same(dearer, values) else Unit.UNFIT


def _same(one: Floats, other: Floats) -> bool:
    return bool(np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True))


@lru_cache(maxsize=1)
def _probe() -> Bars:
    """A random walk of daily bars with a volume, long enough for averages of some hundred weekly bars."""
    rng = np.random.default_rng(20)
    steps = 0.01 * rng.standard_normal(PROBE_BARS)
    close = 100.0 * np.exp(np.cumsum(steps))
    opened = close * np.exp(-steps)
    reach = 1.0 + 0.004 * np.abs(rng.standard_normal((2, PROBE_BARS)))
    return Bars(
        time=np.datetime64("2000-01-03", "ns") + np.arange(PROBE_BARS) * np.timedelta64(1, "D"),
        open=opened,
        high=np.maximum(opened, close) * reach[0],
        low=np.minimum(opened, close) / reach[1],
        close=close,
        volume=np.round(1e6 * np.exp(0.3 * rng.standard_normal(PROBE_BARS))),
    )


def _times(bars: Bars, *, price: float = 1.0, volume: float = 1.0) -> Bars:
    """The same bars, dearer or busier. Factors of two change no digit of a price."""
    return Bars(
        time=bars.time,
        open=bars.open * price,
        high=bars.high * price,
        low=bars.low * price,
        close=bars.close * price,
        volume=bars.volume * volume,
    )
