"""Reasons not to believe a result yet, found when a run is stored: codes and values only.

`backtests.verdict` puts them into words when they are shown, so that the words can be bettered and translated later.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtests.robustness.deflated import deflated_sharpe_ratio, expected_maximum
from backtests.trials import TrialTotals

ENOUGH_TRADES = 30
ENOUGH_CERTAINTY = 0.95
LARGEST_SHARE = 0.5
IN_SAMPLE = "in_sample_model"


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


def data_doubt(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The doubt that open problems of the data give cause for."""
    return {"code": "data_quality", "problems": [dict(problem) for problem in found]}
