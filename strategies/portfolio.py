"""The face of a strategy over several symbols: parameters in, a target weight of each symbol for each bar out."""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from marketdata.panel import MOST_SYMBOLS, Panel
from strategies.base import BaseStrategy, Overlay
from strategies.errors import SignalError


class PortfolioStrategy(BaseStrategy):
    """Decides at each close what share of the account to hold in each symbol from the next bar on.

    A subclass is one of `BaseStrategy`, but implements `weights` over a panel and says for how many symbols it is
    made. A symbol may lack bars: see `Panel`.
    """

    symbols_range: ClassVar[tuple[int, int]] = (2, 20)
    """The fewest and the most symbols, the first one included."""
    rebalance: ClassVar[str] = "signal"
    """When a run acts on the weights unless it is told: a value of the setting of that name."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fewest, most = cls.symbols_range
        if not 1 <= fewest <= most <= MOST_SYMBOLS:
            raise TypeError(f"{cls.__name__}: symbols_range is (fewest, most) within 1 to {MOST_SYMBOLS}.")

    @abstractmethod
    def weights(self, panel: Panel) -> NDArray[np.float64]:
        """Return the wanted share of the account in each symbol at each close, shape (n_bars, n_symbols).

        Below 0 is short; what is left is cash. A row of NaN decides nothing; no row mixes NaN and numbers. Row t may
        use rows up to and including t only.
        """

    def target(self, bars: Bars) -> NDArray[np.float64]:
        """Refuse: a direction for one symbol cannot say what this strategy wants."""
        raise SignalError(
            f"{self.label} gives weights of symbols and no direction of one. Run it as a backtest."
        )

    def panel_overlays(self, panel: Panel) -> tuple[Overlay, ...]:
        """Lines that explain the decisions, one value for each row of the panel."""
        return ()
