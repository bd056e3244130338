"""The same share of the account in every symbol."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from marketdata.panel import Panel
from strategies.params import BoolParam, FloatParam
from strategies.portfolio import PortfolioStrategy
from strategies.registry import register


@register
class EqualWeightStrategy(PortfolioStrategy):
    """One share for each symbol that has begun to trade; rebalancing sells what rose and buys what fell."""

    key = "equal_weight"
    label = "Equal weight"
    summary = "Holds the same share of several symbols and brings them back to it from time to time."
    rules = (
        "Divide {invested:.0%} of the account equally between the symbols that have a price.",
        "At each rebalancing sell what has grown above its share and buy what has fallen below it.",
        "The run says when: each month unless it is told otherwise.",
    )
    references = (
        "DeMiguel, Garlappi and Uppal, Optimal Versus Naive Diversification: How Inefficient is the 1/N Portfolio "
        "Strategy?, Review of Financial Studies 22(5), 2009.",
    )
    symbols_range = (2, 20)
    rebalance = "month"
    params = (
        FloatParam(
            "invested",
            default=1.0,
            minimum=0.05,
            maximum=1.0,
            step=0.05,
            label="Invested",
            help="Share of the account in all symbols together; the rest stays cash. 1 is all of it.",
        ),
        BoolParam(
            "wait_for_all",
            default=False,
            label="Wait for all",
            help="Hold nothing before every symbol has had its first bar.",
        ),
    )

    def weights(self, panel: Panel) -> NDArray[np.float64]:
        known = np.maximum.accumulate(panel.traded, axis=0).astype(np.float64)
        if self.parameters["wait_for_all"]:
            known *= known.all(axis=1, keepdims=True)
        count = known.sum(axis=1, keepdims=True)
        share: NDArray[np.float64] = known / np.maximum(count, 1.0)
        return share * cast(float, self.parameters["invested"])
