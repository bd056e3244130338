"""Why a result should not be believed yet: found when a run is stored, put into words when it is shown.

A result keeps codes and values only, so that the words can be bettered and translated later.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext_lazy as _

from algotrade.templatetags import figures
from backtests import data_problems
from backtests.robustness.deflated import deflated_sharpe_ratio, expected_maximum
from backtests.trials import TrialTotals

ENOUGH_TRADES = 30
ENOUGH_CERTAINTY = 0.95
LARGEST_SHARE = 0.5
IN_SAMPLE = "in_sample_model"
SHARES = ("share", "loss", "gap", "net", "stressed")
RATIOS = ("low", "high", "luck", "deflated", "certainty")
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
            "This was trial %(trials)d on this data. The best of so many shows a Sharpe ratio of %(luck)s by luck "
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run leaves to judge it by.

    `simulation` is a `backtests.engine.Simulation`, `metrics` its `BacktestMetrics`, `audit` the `LookaheadAudit` of
    its strategy, None where a preview leaves it out; `doubled_costs` the net return with twice the costs, None when
    nothing was charged; `data_problems` what is open in the data within the period (`backtests.data_problems`);
    `in_sample` the share of bars decided by a model trained on them; `earlier` the user's `TrialTotals` on the series
    before this run.
    """

    simulation: Any
    metrics: Any
    audit: Any
    doubled_costs: float | None = None
    data_problems: Sequence[Mapping[str, Any]] = ()
    in_sample: float = 0.0
    earlier: TrialTotals | None = None


def doubts_about(evidence: Evidence) -> list[dict[str, Any]]:
    """Every doubt that a finished run gives cause for, as codes and values."""
    return [*_of_the_test(evidence), *_of_the_result(evidence), *_of_the_trades(evidence.simulation)]


def _of_the_test(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Could this have been traded at all?"""
    simulation = evidence.simulation
    if evidence.in_sample > 0.0:
        yield {"code": IN_SAMPLE, "share": evidence.in_sample}
    if evidence.audit is not None and not evidence.audit.passed:
        yield {"code": "lookahead", "bar": int(evidence.audit.first_bar)}
    if simulation.ruined:
        yield {"code": "ruin"}
    if simulation.config.optimistic:
        yield {"code": "optimistic_fill"}
    if evidence.data_problems:
        yield data_doubt(evidence.data_problems)


def _of_the_result(evidence: Evidence) -> Iterator[dict[str, Any]]:
    """Is there more in it than luck and thin air?"""
    metrics, net = evidence.metrics, float(evidence.metrics.total_return)
    if not metrics.total_trades:
        return
    if net <= 0.0:
        yield {"code": "loses", "loss": -net}
    elif metrics.sharpe_low <= 0.0:
        yield {"code": "weak_sharpe", "low": float(metrics.sharpe_low), "high": float(metrics.sharpe_high)}
    if net > 0.0 and evidence.earlier is not None:
        yield from _of_the_search(metrics, evidence.earlier)
    if metrics.excess_return < 0.0:
        yield {"code": "behind_benchmark", "gap": -float(metrics.excess_return)}
    if evidence.doubled_costs is None:
        yield {"code": "no_costs"}
    elif net > 0.0 and evidence.doubled_costs <= 0.0:
        yield {"code": "doubled_costs", "net": net, "stressed": evidence.doubled_costs}


def _of_the_search(metrics: Any, earlier: TrialTotals) -> Iterator[dict[str, Any]]:
    """How much of it would the best of so many trials have shown by luck?"""
    trials, a_year = earlier.count + 1, math.sqrt(metrics.periods_per_year)
    deflated = deflated_sharpe_ratio(
        metrics.sharpe_ratio / a_year,
        metrics.bars - 1,
        metrics.skewness,
        metrics.excess_kurtosis + 3.0,
        trials=trials,
        variance=earlier.variance,
    )
    if deflated < ENOUGH_CERTAINTY:
        luck = math.sqrt(earlier.variance) * expected_maximum(trials) * a_year
        yield {
            "code": "many_trials",
            "trials": trials,
            "luck": luck,
            "deflated": deflated,
            "certainty": ENOUGH_CERTAINTY,
        }


def _of_the_trades(simulation: Any) -> Iterator[dict[str, Any]]:
    """Are there enough of them, and do they share the work?"""
    profits = np.asarray(simulation.trades["pnl"], dtype=np.float64)
    if not len(profits):
        yield {"code": "no_trades"}
    elif len(profits) < ENOUGH_TRADES:
        yield {"code": "few_trades", "trades": len(profits), "enough": ENOUGH_TRADES}
    net = float(profits.sum())
    if len(profits) > 1 and net > 0.0 and profits.max() > LARGEST_SHARE * net:
        yield {"code": "one_trade", "share": float(profits.max() / net)}
    if simulation.ambiguous_bars:
        yield {"code": "ambiguous_bars", "bars": int(simulation.ambiguous_bars)}
    if simulation.rejected_orders:
        yield {"code": "rejected_orders", "orders": int(simulation.rejected_orders)}


def in_words(stored: Iterable[Mapping[str, Any]]) -> list[Verdict]:
    """Stored doubts as sentences: first that a model knew its answers, then what else is severe."""
    verdicts = [_said(doubt) for doubt in stored if doubt.get("code") in REASONS]
    return sorted(verdicts, key=lambda verdict: (verdict.code != IN_SAMPLE, not verdict.severe))


def data_doubt(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The doubt that open problems of the data give cause for."""
    return {"code": "data_quality", "problems": [dict(problem) for problem in found]}


def _said(doubt: Mapping[str, Any]) -> Verdict:
    reason = REASONS[doubt["code"]]
    values = dict(doubt)
    values |= {name: figures.percent(values[name], 1) for name in SHARES if name in values}
    values |= {name: figures.ratio(values[name]) for name in RATIOS if name in values}
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
