"""What the web process asks of the preview process: plain values only, everything checked before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backtests.trials import TrialTotals


@dataclass(frozen=True, slots=True)
class QuestionLeg:
    """One symbol's snapshot."""

    symbol: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Question:
    """One backtest. `path` and `sha256` name the (first) snapshot, `earlier` the trials before this one, `known` the
    market that the asker has drawn already.

    A type that decides weights has `legs`, the first one included, and the days that they share, as ISO dates.
    """

    path: str
    sha256: str
    strategy_type: str
    parameters: Mapping[str, Any]
    configuration: Mapping[str, Any]
    periods_per_year: float
    earlier: TrialTotals
    known: str = ""
    legs: tuple[QuestionLeg, ...] = ()
    start: str = ""
    end: str = ""

    @property
    def data(self) -> tuple[Any, ...]:
        """What it is computed on: the symbols' columns in their order, and the days."""
        if not self.legs:
            return (self.sha256,)
        return (*((leg.symbol, leg.sha256) for leg in self.legs), self.start, self.end)
