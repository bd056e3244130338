"""What the panel beside a strategy's form prints before the first preview has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from algotrade.templatetags import figures
from backtests.metrics.definitions import DEFINITIONS, Definition
from backtests.preview.process import LONGEST_SECONDS
from backtests.preview.service import preview_settings, supports
from backtests.vocabulary import SIGNED
from strategies.base import BaseStrategy

# Short names: eight of them must fit on a phone. The definition behind each has the whole one.
TILES = {
    "total_return": _("Net return"),
    "excess_return": _("Excess"),
    "cagr": _("CAGR"),
    "sharpe_ratio": _("Sharpe"),
    "max_drawdown": _("Drawdown"),
    "total_trades": _("Trades"),
    "win_rate": _("Wins"),
    "exposure": _("Exposure"),
}

REBALANCING = {
    "bars": _("rebalanced at every close"),
    "day": _("rebalanced each day"),
    "week": _("rebalanced each week"),
    "month": _("rebalanced each month"),
    "signal": _("rebalanced when the weights change"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the panel: what it is, and how the script prints it."""

    name: str
    label: Any
    definition: Definition
    signed: bool

    @property
    def kind(self) -> str:
        return self.definition.unit


def panel(strategy_class: type[BaseStrategy]) -> Mapping[str, Any] | None:
    """Figures, costs in words and the address, and whether the type can be previewed."""
    if not settings.LIVE_PREVIEW:
        return None
    costs = preview_settings(strategy_class=strategy_class)
    words = gettext(
        "%(commission)s commission and %(slippage)s slippage on each fill, %(sizing)s, long and short"
    )
    sizing = REBALANCING[costs["rebalance"]] if "rebalance" in costs else _("all of the cash")
    return {
        "url": reverse("backtests:preview"),
        "supported": supports(strategy_class),
        "tiles": [Tile(name, label, DEFINITIONS[name], name in SIGNED) for name, label in TILES.items()],
        "costs": words
        % {
            "commission": figures.percent(costs["commission"]),
            "slippage": figures.percent(costs["slippage"]),
            "sizing": sizing,
        },
        "longest": LONGEST_SECONDS,
    }
