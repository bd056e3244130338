"""What a data provider is: something that gives the history of a symbol as bars."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marketdata.bars import Bars
from marketdata.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    Parameters
    ----------
    timeframes : tuple of str
        The timeframes it has; see `marketdata.timeframes`.
    needs_network : bool
        Whether it asks a service outside this machine.
    adjusted : bool
        Whether its prices are adjusted for splits and dividends.
    any_symbol : bool
        Whether it answers for every symbol (a generator) or for listed ones only.
    """

    timeframes: tuple[str, ...]
    needs_network: bool = False
    adjusted: bool = False
    any_symbol: bool = False


class Provider(ABC):
    """A source of bars behind the one interface.

    A subclass names itself by `key` (the registry's name), `label` and `summary` (one line of plain English),
    states its `capabilities`, and writes `history`. It is registered by the decorator
    `marketdata.providers.register` and made without arguments.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    @abstractmethod
    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Return the bars of `symbol` from `start` to `end`, both included, oldest first, times in UTC.

        Raises
        ------
        ProviderError
            The provider does not have the symbol or the timeframe.
        """

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols it has; empty when it answers for any symbol."""
        return ()

    def require_timeframe(self, timeframe: str) -> None:
        """Raise ProviderError, listing the valid ones, when the provider has no such timeframe."""
        if timeframe not in self.capabilities.timeframes:
            listed = ", ".join(self.capabilities.timeframes)
            message = f"{self.label} has no timeframe {timeframe!r}. Use one of {listed}."
            raise ProviderError(message, fields={"timeframe": [message]})
