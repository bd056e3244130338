"""What a data provider is: something that gives the history of a symbol as bars."""

from __future__ import annotations

import importlib.util
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from marketdata.bars import TIME_TYPE, Bars
from marketdata.errors import KeyMissing, MissingExtra, ProviderError
from marketdata.timeframes import GENERIC, get_timeframe

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How often a provider may be asked: `requests` in each stretch of `seconds`."""

    requests: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests} requests in {self.seconds:g} seconds"


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
    span_days : mapping of str to int
        By timeframe, the days that one request covers at most; a longer period is asked for in several requests. A
        timeframe that is not named has no such limit.
    reach_days : mapping of str to int
        By timeframe, how many days back the provider has bars at all; nothing is asked for beyond.
    rate_limit : RateLimit or None
        How often it may be asked, kept by all processes of this machine together.
    needs_key : str
        Name of the environment variable that holds the key; empty when none is needed.
    extra : str
        The optional package that it is made with; empty when none is needed.
    symbol_help : str
        How a symbol is written there, in one line of plain English.
    calendar : str
        The trading calendar that most of its symbols follow; see `marketdata.timeframes`.
    """

    timeframes: tuple[str, ...]
    needs_network: bool = False
    adjusted: bool = False
    any_symbol: bool = False
    span_days: Mapping[str, int] = field(default_factory=dict)
    reach_days: Mapping[str, int] = field(default_factory=dict)
    rate_limit: RateLimit | None = None
    needs_key: str = ""
    extra: str = ""
    symbol_help: str = ""
    calendar: str = GENERIC


class Provider(ABC):
    """A source of bars behind the one interface.

    A subclass names itself by `key` (the registry's name), `label` and `summary` (one line of plain English),
    states its `capabilities`, and writes `history`, which starts with `begin`. It is registered by the decorator
    `marketdata.providers.register` and made without arguments; making it asks nobody and imports nothing.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    _progress: Progress | None = None
    _notes: tuple[str, ...] = ()

    @abstractmethod
    def history(
        self,
        symbol: str,
        timeframe: str,
        start: np.datetime64 | str | None = None,
        end: np.datetime64 | str | None = None,
    ) -> Bars:
        """Return the bars of `symbol` from `start` to `end`, both included, oldest first, times in UTC.

        A bar is named by the time it begins; daily and longer ones by the date of their session. A bar that has not
        ended yet is left out. No bar in the period gives no bars, not an error.

        Raises
        ------
        ProviderError
            The provider does not have the symbol or the timeframe, or asks for something else.
        MissingExtra, KeyMissing
            The package or the key that it needs is not there; the message says how to get it.
        ProviderUnavailable, RateLimited
            It did not answer usefully, or wants to be left alone for a while, although it was asked several times.
        """

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols it has; empty when they cannot be listed."""
        return ()

    @property
    def problem(self) -> MissingExtra | KeyMissing | None:
        """What keeps this provider from working here, as the error that `history` would raise; None when nothing."""
        extra, key = self.capabilities.extra, self.capabilities.needs_key
        if extra and not is_installed(extra):
            return MissingExtra(extra)
        if key and not os.environ.get(key, "").strip():
            return KeyMissing(self.label, key)
        return None

    @property
    def available(self) -> bool:
        """Whether the package and the key that it needs are there. Nothing is imported and nobody asked."""
        return self.problem is None

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to know about the last history: a shorter reach than asked for, rows left out."""
        return self._notes

    def watch(self, progress: Progress) -> None:
        """Have `progress` called with a fraction and a message between requests and pauses. It may raise to stop."""
        self._progress = progress

    def tell(self, fraction: float, message: str) -> None:
        """Tell how far a history is."""
        if self._progress is not None:
            self._progress(fraction, message)

    def note(self, text: str) -> None:
        """Add to `notes`."""
        if text not in self._notes:
            self._notes = (*self._notes, text)

    def begin(self, timeframe: str) -> None:
        """Start a history: forget the notes of an earlier one, and raise what stands in the way of any symbol."""
        self._notes = ()
        self.require_timeframe(timeframe)
        self.require_ready()

    def require_ready(self) -> None:
        """Raise what `problem` says."""
        problem = self.problem
        if problem is not None:
            raise problem

    def require_timeframe(self, timeframe: str) -> None:
        """Raise ProviderError, listing the valid ones, when the provider has no such timeframe."""
        if timeframe not in self.capabilities.timeframes:
            listed = ", ".join(self.capabilities.timeframes)
            message = f"{self.label} has no timeframe {timeframe!r}. Use one of {listed}."
            raise ProviderError(message, fields={"timeframe": [message]})


def is_installed(package: str) -> bool:
    """Whether a package can be imported, found out without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def closed_bars(bars: Bars, timeframe: str, now: np.datetime64) -> Bars:
    """Return `bars` without those that have not ended at `now` (UTC).

    A bar ends its timeframe after it begins. For daily and longer bars that is later than the session's end, never
    earlier: they count once the day, or the week, is over in UTC.
    """
    span = np.timedelta64(get_timeframe(timeframe).nanoseconds, "ns")
    after = int(np.searchsorted(bars.time, now.astype(TIME_TYPE) - span, side="right"))
    return bars.head(after)


def utc_now() -> np.datetime64:
    """The present moment in UTC."""
    return np.datetime64("now", "s").astype(TIME_TYPE)
