"""Why a result should not be believed yet: what `backtests.doubts` found, in words that a reader can act on."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from algotrade.templatetags import figures
from backtests import data_problems
from backtests.doubts import IN_SAMPLE

SHARES = ("share", "loss", "gap", "net", "stressed")
RATIOS = ("low", "high", "luck", "certainty")
COUNTS = ("trials", "trades", "enough", "bars", "orders")
OLDER_COUNTS: Mapping[str, Any] = {
    "missing_bars": _("missing bars"),
    "split_count": _("suspected splits"),
    "stale_count": _("stretches of standing prices"),
    "outlier_count": _("extreme moves"),
    "zero_volume_bars": _("bars without volume"),
}
"""What results of earlier versions keep of their data's quality: counts over the whole series."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One kind of doubt: its name, its words with places for the values, and what it means for the reader."""

    label: Any
    words: Any
    meaning: Any
    severe: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One doubt about one result, ready to be read. `details` are further lines, `problems` what they say as values."""

    code: str
    label: str
    words: str
    meaning: str
    severe: bool
    details: tuple[str, ...] = ()
    problems: tuple[Mapping[str, Any], ...] = ()


REASONS: Mapping[str, Reason] = {
    "lookahead": Reason(
        _("It looks ahead"),
        _("With other prices after it, the decision at bar %(bar)d would have been another one."),
        _(
            "The strategy uses what nobody could know at the time, so none of these numbers can be reached in trading. "
            "Correct the strategy before you read on."
        ),
        severe=True,
    ),
    "loses": Reason(
        _("It lost money"),
        _("After costs the account lost %(loss)s."),
        _(
            "There is nothing to believe in yet. Other parameters that win here would have been picked by hindsight."
        ),
    ),
    "weak_sharpe": Reason(
        _("Could be luck"),
        _("The 95 %% interval of the Sharpe ratio, %(low)s to %(high)s, contains 0."),
        _(
            "A strategy without any skill produces a result like this often enough. A longer period narrows the "
            "interval; the metrics below say how many bars it would take."
        ),
    ),
    "many_trials": Reason(
        _("Best of many"),
        _(
            "This was trial %(trials)s on this data. The best of so many shows a Sharpe ratio of %(luck)s by luck "
            "alone; the deflated Sharpe ratio is %(deflated)s, below %(certainty)s."
        ),
        _(
            "Every run, preview and cell of a sweep was a try, and the best try is partly the luckiest. What was "
            "chosen here needs data that none of the tries has seen."
        ),
    ),
    "behind_benchmark": Reason(
        _("Holding did better"),
        _("Buying at the start and holding earned %(gap)s more."),
        _(
            "The trades cost work and money and brought less than doing nothing. Compare the drawdowns: was it calmer?"
        ),
    ),
    "no_costs": Reason(
        _("Trading was free"),
        _("Neither commission nor slippage was charged."),
        _("Every real fill costs something. Set the costs of your broker and run it again."),
    ),
    "doubled_costs": Reason(
        _("Thin margin"),
        _("With all costs doubled the net return of %(net)s becomes %(stressed)s."),
        _(
            "Costs are guesses, and real fills are often worse. This result stands only if the guess was good."
        ),
    ),
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
        _("Only %(trades)s trades; at least %(enough)s are needed before averages mean much."),
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
        _("On %(bars)s bars both the stop and the take-profit lay inside the bar."),
        _(
            "Bars do not say which price came first, so the stop was taken each time (the worse outcome). Finer bars "
            "would settle it."
        ),
    ),
    "data_quality": Reason(
        _("Doubtful data"),
        _("The price data has open quality problems: %(problems)s."),
        _(
            "Gaps, jumps and standing prices create trades that nobody could have made, and a split that was not "
            "adjusted is taken for a crash. Read the series' quality report and look at the trades near those places."
        ),
    ),
    IN_SAMPLE: Reason(
        _("IN-SAMPLE: the model had seen these bars"),
        _("%(share)s of the bars were decided by a model that had been trained on them or on later ones."),
        _(
            "A model knows the answers to what it was trained on, so these numbers say nothing about the future, "
            "however good they are. Turn “In-sample bars” off in the strategy and run it again: then only "
            "predictions count that were made without knowing the outcome."
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
        _("%(orders)s orders were refused, mostly because the account could not pay for them."),
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


def in_words(stored: Iterable[Mapping[str, Any]]) -> list[Verdict]:
    """Stored doubts as sentences: first that a model knew its answers, then what else is severe."""
    verdicts = [_said(doubt) for doubt in stored if doubt.get("code") in REASONS]
    return sorted(verdicts, key=lambda verdict: (verdict.code != IN_SAMPLE, not verdict.severe))


def _said(doubt: Mapping[str, Any]) -> Verdict:
    reason = REASONS[doubt["code"]]
    values = dict(doubt)
    values |= {name: figures.percent(values[name], 1) for name in SHARES if name in values}
    if "deflated" in values:
        values["deflated"] = _below(values["deflated"], values["certainty"])
    values |= {name: figures.ratio(values[name]) for name in RATIOS if name in values}
    values |= {name: figures.integer(values[name]) for name in COUNTS if name in values}
    known = [problem for problem in doubt.get("problems", ()) if data_problems.is_known(problem)]
    details = tuple(data_problems.in_words(problem) for problem in known)
    if "counts" in values:
        counts = values["counts"].items()
        values["problems"] = ", ".join(
            f"{count} {OLDER_COUNTS[name]}" for name, count in counts if name in OLDER_COUNTS
        )
    elif details:
        values["problems"] = data_problems.summary(details)
    return Verdict(
        code=doubt["code"],
        label=str(reason.label),
        words=str(reason.words) % values,
        meaning=str(reason.meaning),
        severe=reason.severe or data_problems.is_severe(known),
        details=details,
        problems=tuple(known),
    )


def _below(value: float, limit: float) -> str:
    """A ratio below a limit, with the digits that show it: 0.9496 is 0.949 beside 0.95, and not 0.95."""
    shown = figures.ratio(value)
    return shown if shown != figures.ratio(limit) else figures.ratio(math.floor(value * 1000) / 1000, 3)
