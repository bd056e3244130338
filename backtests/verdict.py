"""Why a result should not be believed yet: found when a run is stored, put into words when it is shown.

A result keeps codes and values only, so that the words can be bettered and translated later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _

ENOUGH_TRADES = 30
LARGEST_SHARE = 0.5
DOUBTFUL_GRADES = ("fair", "poor")
PROBLEMS: Mapping[str, Any] = {
    "missing_bars": _("missing bars"),
    "split_count": _("suspected splits"),
    "stale_count": _("stretches of standing prices"),
    "outlier_count": _("extreme moves"),
    "zero_volume_bars": _("bars without volume"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One kind of doubt: its name, its words with places for the values, and what it means for the reader."""

    label: Any
    words: Any
    meaning: Any
    severe: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One doubt about one result, ready to be read."""

    code: str
    label: str
    words: str
    meaning: str
    severe: bool


REASONS: Mapping[str, Reason] = {
    "no_trades": Reason(
        _("No trades"),
        _("The strategy never traded in this period."),
        _(
            "There is nothing to judge. Choose a longer period, or parameters that react sooner; the warm-up alone "
            "takes some of the bars."
        ),
        severe=True,
    ),
    "few_trades": Reason(
        _("Few trades"),
        _("Only %(trades)d trades; at least %(enough)d are needed before averages mean much."),
        _(
            "With so few trades, luck alone could make these numbers. Test a longer period or more symbols before "
            "you believe them."
        ),
    ),
    "one_trade": Reason(
        _("One trade carries it"),
        _("The best trade made %(share)s of the net profit."),
        _(
            "Without that single trade the result would be another one. Look at it in the trades table: would you "
            "have been able to take it?"
        ),
    ),
    "ambiguous_bars": Reason(
        _("Ambiguous bars"),
        _("On %(bars)d bars both the stop and the take-profit lay inside the bar."),
        _(
            "Bars do not say which price came first, so the stop was taken each time (the worse outcome). Finer bars "
            "would settle it."
        ),
    ),
    "data_quality": Reason(
        _("Doubtful data"),
        _("The price series has open quality problems: %(problems)s."),
        _(
            "Gaps, jumps and standing prices create trades that nobody could have made. Read the series' quality "
            "report and look at the trades near those places."
        ),
    ),
    "in_sample_model": Reason(
        _("Model saw these bars"),
        _("%(share)s of the bars were used to train the model that traded them."),
        _(
            "A model knows the answers to what it was trained on. Only the part after its training period says "
            "anything about the future."
        ),
        severe=True,
    ),
    "optimistic_fill": Reason(
        _("Optimistic fills"),
        _("Orders were filled at the close that decided them."),
        _(
            "Nobody can trade at a price that is known only afterwards. Fill at the next open to see the honest result."
        ),
    ),
    "rejected_orders": Reason(
        _("Rejected orders"),
        _("%(orders)d orders were refused, mostly because the account could not pay for them."),
        _(
            "The result shows what the account could afford, not what the strategy wanted. Use smaller positions."
        ),
    ),
    "ruin": Reason(
        _("Ruin"),
        _("The account lost everything and trading stopped."),
        _("Nothing after that bar was traded. Use smaller positions, a stop, or no short selling."),
        severe=True,
    ),
}


def doubts_about(
    simulation: Any, *, quality: Mapping[str, Any] | None = None, in_sample: float = 0.0
) -> list[dict[str, Any]]:
    """Every doubt that a finished simulation gives cause for, as codes and values.

    Parameters
    ----------
    simulation : backtests.engine.Simulation
    quality : mapping, optional
        The quality report of the data, as the snapshot keeps it.
    in_sample : float
        Share of the bars that were decided by a model trained on them.
    """
    profits = np.asarray(simulation.trades["pnl"], dtype=np.float64)
    found: list[dict[str, Any]] = []
    if simulation.ruined:
        found.append({"code": "ruin"})
    if in_sample > 0.0:
        found.append({"code": "in_sample_model", "share": in_sample})
    if not len(profits):
        found.append({"code": "no_trades"})
    elif len(profits) < ENOUGH_TRADES:
        found.append({"code": "few_trades", "trades": len(profits), "enough": ENOUGH_TRADES})
    net = float(profits.sum())
    if len(profits) > 1 and net > 0.0 and profits.max() > LARGEST_SHARE * net:
        found.append({"code": "one_trade", "share": float(profits.max() / net)})
    if simulation.ambiguous_bars:
        found.append({"code": "ambiguous_bars", "bars": int(simulation.ambiguous_bars)})
    if counts := _open_problems(quality or {}):
        found.append({"code": "data_quality", "counts": counts})
    if simulation.rejected_orders:
        found.append({"code": "rejected_orders", "orders": int(simulation.rejected_orders)})
    if simulation.config.optimistic:
        found.append({"code": "optimistic_fill"})
    return found


def in_words(stored: Iterable[Mapping[str, Any]]) -> list[Verdict]:
    """Stored doubts as sentences; the severe ones first."""
    verdicts = [_said(doubt) for doubt in stored if doubt.get("code") in REASONS]
    return sorted(verdicts, key=lambda verdict: not verdict.severe)


def _open_problems(report: Mapping[str, Any]) -> dict[str, int]:
    """How many findings of each kind a report holds that is not good; a good series may have a few gaps."""
    if report.get("grade") not in DOUBTFUL_GRADES:
        return {}
    return {name: int(report[name]) for name in PROBLEMS if report.get(name)}


def _said(doubt: Mapping[str, Any]) -> Verdict:
    reason = REASONS[doubt["code"]]
    values = dict(doubt)
    if "share" in values:
        values["share"] = f"{values['share']:.0%}".replace("%", " %")
    if "counts" in values:
        named = (f"{count} {PROBLEMS[name]}" for name, count in values["counts"].items() if name in PROBLEMS)
        values["problems"] = ", ".join(named)
    return Verdict(
        code=doubt["code"],
        label=str(reason.label),
        words=str(reason.words) % values,
        meaning=str(reason.meaning),
        severe=reason.severe,
    )
