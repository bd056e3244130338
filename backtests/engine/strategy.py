"""What the engine asks of a strategy. Light: the web process may import it."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.decisions import Decisions


class GivesTarget(Protocol):
    """The wanted direction at each close: -1, 0 or +1, NaN to keep the one before.

    It may also have `decisions(bars)`: the same as its changes alone, or None where only the target tells; and
    `size(bars)`: the share of cash to enter with, decided at each close, or None for the configuration's own sizing.
    """

    def target(self, bars: Bars) -> NDArray[np.float64]:
        """Shape (n_bars,); row t is decided at the close of bar t and may use bars up to t."""
        ...


def wanted_of(strategy: GivesTarget, bars: Bars) -> NDArray[np.float64] | Decisions:
    """What a strategy wants: the changes of its target where it gives them, else the target itself."""
    given = strategy.decisions(bars) if _decides(type(strategy)) else None  # type: ignore[attr-defined]
    return np.asarray(strategy.target(bars), dtype=np.float64) if given is None else given


@cache
def _decides(strategy_class: type) -> bool:
    """Whether a class gives the changes of its target; one with a target of its own does not inherit them."""
    ancestry = strategy_class.__mro__
    home = next((place for place, base in enumerate(ancestry) if "decisions" in vars(base)), None)
    own = any(name in vars(base) for base in ancestry[:home] for name in ("target", "generate_signals"))
    return home is not None and not own


def size_of(strategy: GivesTarget, bars: Bars) -> NDArray[np.float64] | None:
    """The share of cash a strategy wants to enter with at each close, shape (n_bars,); None where it has no opinion.

    At least 0; NaN at a close where it cannot tell, and an order decided there is rejected.
    """
    ask = getattr(strategy, "size", None)
    given = None if ask is None else ask(bars)
    return None if given is None else np.asarray(given, dtype=np.float64)
