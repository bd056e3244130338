"""Parameters that several strategies of the library share, and the checks that go with them."""

from collections.abc import Mapping
from typing import Any

from strategies.params import FloatParam, IntParam


def bars(name: str, label: str, default: int, bounds: tuple[int, int], help: str) -> IntParam:
    """A number of bars."""
    low, high = bounds
    return IntParam(name, default=default, minimum=low, maximum=high, label=label, help=help, unit="bars")


def level(
    name: str, label: str, default: float, bounds: tuple[float, float], help: str, unit: str = "points"
) -> FloatParam:
    """A level on the scale of an oscillator, moved in whole points."""
    low, high = bounds
    return FloatParam(
        name, default=default, minimum=low, maximum=high, step=1.0, label=label, help=help, unit=unit
    )


def fast_below_slow(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """The message for a fast period that is not below the slow one."""
    fast, slow = parameters["fast_period"], parameters["slow_period"]
    if fast >= slow:
        return {"fast_period": [f"{fast} is not below the slow period ({slow}). Make it shorter."]}
    return {}


def oversold_below_overbought(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """The message for levels that leave no normal range between them."""
    low, high = parameters["oversold"], parameters["overbought"]
    if low >= high:
        return {"oversold": [f"{low:g} is not below the overbought level ({high:g}). Lower it."]}
    return {}
