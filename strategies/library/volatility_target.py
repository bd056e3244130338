"""Hold one symbol, less of it when it moves more."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from marketdata.panel import Panel
from strategies.base import Overlay
from strategies.indicators import TechnicalIndicators
from strategies.library import parameters as shared
from strategies.params import FloatParam, IntParam
from strategies.portfolio import PortfolioStrategy
from strategies.registry import register


@register
class VolatilityTargetStrategy(PortfolioStrategy):
    """Always long; the share of the account is the wanted volatility over the realised one, up to a cap."""

    key = "volatility_target"
    label = "Volatility target"
    summary = "Buys and holds one symbol, with less of the account in it when prices swing more."
    rules = (
        "Measure the volatility of the last {lookback} returns, per year.",
        "Hold {target_volatility:.0%} divided by it as a share of the account, at most {cap:g}; the rest is cash.",
        "The run says when the share is adjusted: each month unless it is told otherwise.",
    )
    references = (
        "Moreira and Muir, Volatility-Managed Portfolios, Journal of Finance 72(4), 2017.",
        "Harvey et al., The Impact of Volatility Targeting, Journal of Portfolio Management 45(1), 2018.",
    )
    symbols_range = (1, 1)
    rebalance = "month"
    params = (
        FloatParam(
            "target_volatility",
            default=0.15,
            minimum=0.01,
            maximum=1.0,
            label="Wanted volatility",
            help="Per year, as a fraction: 0.15 is 15 %.",
        ),
        shared.bars("lookback", "Lookback", 20, (2, 500), "Returns behind the realised volatility."),
        FloatParam(
            "cap",
            default=1.0,
            minimum=0.1,
            maximum=5.0,
            step=0.1,
            label="Largest share",
            help="Of the account. Above 1 it borrows, which the run must allow by its leverage.",
        ),
        IntParam(
            "bars_per_year",
            default=252,
            minimum=12,
            maximum=600_000,
            label="Bars per year",
            help="252 for days of an exchange, 365 for days around the clock.",
            unit="bars",
        ),
    )

    def warmup(self) -> int:
        return cast(int, self.parameters["lookback"])

    def weights(self, panel: Panel) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):  # prices that stand still: as much as is allowed
            share = cast(float, self.parameters["target_volatility"]) / self._volatility(panel)
        return np.minimum(share, cast(float, self.parameters["cap"]))[:, None]

    def panel_overlays(self, panel: Panel) -> tuple[Overlay, ...]:
        return (Overlay("Volatility", self._volatility(panel), "own"),)

    def _volatility(self, panel: Panel) -> NDArray[np.float64]:
        lookback, per_year = (cast(int, self.parameters[name]) for name in ("lookback", "bars_per_year"))
        return TechnicalIndicators.rolling_volatility(panel.close[:, 0], lookback, float(per_year))
