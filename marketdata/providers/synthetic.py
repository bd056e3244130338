"""The seeded generators as a data provider: any symbol has a history, and always the same one."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from algotrade.errors import nearest, shown
from marketdata.bars import Bars, boundary
from marketdata.errors import BarsError, ProviderError, SyntheticError
from marketdata.providers.base import Capabilities, Provider, closed_bars, utc_now
from marketdata.providers.registry import register
from marketdata.synthetic import MAX_BARS, SyntheticSpec, generate
from marketdata.timeframes import TIMEFRAMES, periods_per_year

PROCESS_NAMES: Mapping[str, str] = {
    "GBM": "geometric_brownian",
    "REGIME": "regime_switching",
    "MEANREV": "mean_reverting",
}
"""Symbols that name a process; every other symbol is a geometric Brownian motion of its own seed."""

OPTIONS: Mapping[str, type] = {
    "seed": int,
    "price": float,
    "drift": float,
    "volatility": float,
    "half_life": float,
    "regime_length": float,
    "calendar": str,
}
ORIGINS: Mapping[str, str] = {"1m": "2020-01-02"}
USUAL_ORIGIN = "2000-01-03"
HORIZON = "2040-01-02"
"""Each path runs from its origin to the horizon, whatever part of it is asked for: only so is a longer history the
continuation of a shorter one. Paths of 1-minute bars begin in 2020 and end when a million bars are full."""


@register
class SyntheticProvider(Provider):
    """Seeded paths of three processes; see `marketdata.synthetic`.

    A symbol is a name of your own (`ABC`: geometric Brownian motion, seeded by the letters), or a process with
    options: `GBM`, `REGIME`, `MEANREV`, followed by `:name=value` as often as wanted, for example
    `REGIME:seed=7:volatility=0.3` or `MEANREV:half_life=30:calendar=24/7`.
    """

    key = "synthetic"
    label = "Synthetic"
    summary = "Seeded random paths for any symbol: for trying things out where no edge can exist."
    capabilities = Capabilities(
        timeframes=tuple(TIMEFRAMES),
        adjusted=True,
        any_symbol=True,
        symbol_help="Any name, or GBM, REGIME or MEANREV with options: REGIME:seed=7:volatility=0.3.",
    )

    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Generate the path of `symbol` and return its part from `start` to `end`, at most to the present."""
        self.begin(timeframe)
        begin = None if start is None else _moment(start, "start")
        if begin is not None and end is not None and _moment(end, "end") < begin:
            message = f"The end {end} lies before the start {start}. Swap them."
            raise ProviderError(message, fields={"end": [message]})
        bars = generate(_spec(symbol, timeframe), known_only=True)
        return closed_bars(bars, timeframe, utc_now()).slice(start, end)


def _spec(symbol: str, timeframe: str) -> SyntheticSpec:
    name, *options = symbol.strip().upper().split(":")
    origin = ORIGINS.get(timeframe, USUAL_ORIGIN)
    given = _options(symbol, options)
    calendar = given.get("calendar", "exchange")
    try:
        return SyntheticSpec(
            **{
                "process": PROCESS_NAMES.get(name, "geometric_brownian"),
                "seed": zlib.crc32(name.encode()),
                "start": origin,
                "timeframe": timeframe,
                "bars": _bars_to_horizon(timeframe, calendar, origin),
                **given,
            }
        )
    except SyntheticError as error:
        message = f"{shown(symbol)}: {error.detail}"
        raise ProviderError(message, fields={"symbol": [message]}) from error


def _options(symbol: str, options: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for option in options:
        name, _sign, text = option.lower().partition("=")
        if name not in OPTIONS:
            message = f"{shown(symbol)}: {shown(name)} is no option. {nearest(name, OPTIONS)}"
            raise ProviderError(message, fields={"symbol": [message]})
        try:
            given[name] = OPTIONS[name](text if name != "calendar" else _calendar(text))
        except ValueError:
            message = f"{shown(symbol)}: {shown(text)} is no value for {name}. Write it like {name}=1."
            raise ProviderError(message, fields={"symbol": [message]}) from None
    return given


def _calendar(text: str) -> str:
    return text if text in {"exchange", "fx", "24/7"} else text.upper()


def _bars_to_horizon(timeframe: str, calendar: str, origin: str) -> int:
    years = (np.datetime64(HORIZON) - np.datetime64(origin)) / np.timedelta64(365, "D")
    return min(int(years * periods_per_year(timeframe, calendar)), MAX_BARS)


def _moment(value: np.datetime64 | str, name: str) -> np.datetime64:
    try:
        return boundary(value, name, whole_unit=name == "end")
    except BarsError as error:
        message = f"{str(value)[:40]!r} is not a date. Write it like 2020-01-31."
        raise ProviderError(message, fields={name: [message]}) from error
