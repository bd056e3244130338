"""The one place where the database meets the engine: asking for a run, computing it, and what is done with results.

The compiled engine loads on first use (`engine.BacktestEngine`), so that importing this module costs a web process
nothing.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.checkpoints import NOWHERE, Checkpoints
from algotrade.jobs.computed import ComputedService
from backtests import data_problems, doubts, engine, ledger, long_runs
from backtests.curves import sparkline
from backtests.engine.config import ENGINE_VERSION, SimulationConfig
from backtests.errors import BacktestRefused
from backtests.jobs import RUN_KIND
from backtests.legs import ChosenLeg, check_panel_period, choose_legs, frozen_legs
from backtests.models import BacktestResult, Leg
from backtests.models.frozen import FROZEN, FrozenRequest
from backtests.outcome import Outcome, equity_rows, moments, overlay_rows, trade_rows
from backtests.portfolios import run_portfolio
from backtests.preparation import (
    build,
    check_period,
    check_size,
    configure,
    current_data,
    problems_again,
    takes_minutes,
)
from backtests.robustness import costs, lookahead
from marketdata.bars import Bars
from marketdata.models import Series
from marketdata.services import open_snapshot
from strategies import registry
from strategies.base import BaseStrategy
from strategies.errors import StrategyNotFound
from strategies.models import Strategy
from strategies.portfolio import PortfolioStrategy

if TYPE_CHECKING:
    from backtests.engine.engine import RunDetails
    from backtests.metrics import BacktestMetrics

Progress = Callable[[float, str], None]
BEFOREHAND = 0.6
"""How much of the progress bar is given to what a strategy does before it decides (training models)."""


class BacktestService(ComputedService):
    """Pages, API, admin and the job all go through here and raise the same errors."""

    @classmethod
    def submit(
        cls,
        *,
        user: Any,
        strategy: Strategy,
        series: Series | None = None,
        legs: Sequence[Series] | None = None,
        start_date: dt.date | None = None,
        end_date: dt.date | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> BacktestResult:
        """Check everything, freeze it into a result, and queue the job that computes it.

        Without a series the user's own one (else a shared one) of the strategy's symbol and timeframe is taken;
        without dates, all of it; without an initial capital, the strategy's. A strategy over several symbols takes
        `legs`, one series for each in their order, and, without dates, the days they share. Every problem is reported
        at once, by field; nothing is stored then.
        """
        if strategy.user_id != user.pk:
            raise StrategyNotFound(_("There is no such strategy of yours."))
        problems: dict[str, list[str]] = {}
        config = configure(strategy, configuration, problems)
        built = build(strategy, user, problems)
        if strategy.trades_weights:
            chosen = choose_legs(strategy, user, series, legs, problems)
            period = check_panel_period(chosen, start_date, end_date, built, problems) if chosen else None
        else:
            if legs:
                said = _("This strategy trades one symbol. Leave the legs out and name a series.")
                problems["legs"] = [said]
            snapshot = current_data(strategy, user, series, problems)
            period = check_period(snapshot, start_date, end_date, built, problems) if snapshot else None
            chosen = [ChosenLeg(snapshot.series, snapshot)] if snapshot else None
        if problems or config is None or period is None or chosen is None:
            raise BacktestRefused(fields=problems)
        result = BacktestResult.freeze(
            user=user,
            strategy=strategy,
            snapshot=chosen[0].snapshot,
            period=period,
            configuration=config,
            periods_per_year=max(leg.series.periods_per_year for leg in chosen),
        )
        return _queue(result, frozen_legs(result, chosen) if strategy.trades_weights else ())

    @classmethod
    def rerun(cls, result: BacktestResult) -> BacktestResult:
        """Run exactly the same again: same parameters, same configuration, same bytes of data."""
        _require_computable(result)
        check_size(result.bar_count)
        legs = [
            ChosenLeg(leg.series, leg.snapshot) for leg in result.legs.select_related("series", "snapshot")
        ]
        again = BacktestResult(**{name: getattr(result, name) for name in FROZEN})
        return _queue(again, frozen_legs(again, legs))

    @classmethod
    def submit_frozen(cls, request: FrozenRequest, **changes: Any) -> BacktestResult:
        """Queue a run of what another computation froze, on the same bytes of data; `changes` replace what differs."""
        _require_computable(request)
        return _queue(BacktestResult(**{name: getattr(request, name) for name in FROZEN} | changes))

    @staticmethod
    def get_strategy_class(strategy_type: str) -> type[BaseStrategy]:
        """The class behind a type's key; a miss lists the keys that exist."""
        return registry.get_strategy_class(strategy_type)

    @classmethod
    def run_backtest(
        cls, result: BacktestResult, progress: Progress | None = None, checkpoints: Checkpoints = NOWHERE
    ) -> Outcome:
        """Compute what `result` froze: columns of its snapshot, the strategy's target, the simulation, the metrics.

        Writes no rows. `progress` is told a fraction and plain words, and may raise to stop the run. A strategy that
        trains models keeps them in `checkpoints`.
        """
        tell = progress or (lambda fraction, words: None)
        tell(0.02, _("Loading the bars"))
        strategy = cls.get_strategy_class(result.strategy_type)(**result.parameters)
        if isinstance(strategy, PortfolioStrategy):
            return run_portfolio(result, strategy, tell)
        bars = open_snapshot(result.snapshot, start=result.start_date, end=result.end_date)
        config = SimulationConfig.from_dict(result.configuration)
        begun = BEFOREHAND if strategy.uses_model else 0.0
        strategy.checkpoints = checkpoints
        strategy.begin(bars, lambda fraction, words: tell(0.05 + begun * fraction, words))
        metrics, details = engine.BacktestEngine(config).run_backtest(
            bars,
            strategy,
            periods_per_year=result.periods_per_year,
            progress=lambda fraction, words: tell(0.05 + begun + (0.7 - begun) * fraction, words),
        )
        simulation = details.simulation
        in_sample = strategy.in_sample_share(bars)
        tell(0.78, _("Looking for reasons not to believe it"))
        evidence = _evidence(result, strategy, bars, config, metrics, details, in_sample)
        tell(0.88, _("Drawing the curves"))
        return Outcome(
            bar_count=len(bars),
            metrics=metrics.to_dict(),
            undefined=dict(metrics.undefined),
            trades=trade_rows(simulation.trades),
            equity_curve=equity_rows(
                bars.time, simulation.equity, details.benchmark_equity, details.drawdown
            ),
            overlays=overlay_rows(strategy.overlays(bars), bars),
            sparkline=sparkline(simulation.equity),
            warnings=doubts.doubts_about(evidence),
            engine_version=ENGINE_VERSION,
            retraining=moments(bars.time[strategy.retraining(bars)]),
            in_sample_share=in_sample,
            long=long_runs.columns_of(
                bars.time,
                simulation.equity,
                details.benchmark_equity,
                details.drawdown,
                simulation.trades,
            ),
        )


def _evidence(
    result: BacktestResult,
    strategy: BaseStrategy,
    bars: Bars,
    config: SimulationConfig,
    metrics: "BacktestMetrics",
    details: "RunDetails",
    in_sample: float,
) -> doubts.Evidence:
    """Whatever may speak against a run over one symbol."""
    target, size = details.target, details.size
    doubled = None
    if costs.has_costs(config):
        doubled = costs.return_at_costs(bars, target, config, 2.0, result.periods_per_year, size)
    return doubts.Evidence(
        simulation=details.simulation,
        metrics=metrics,
        audit=lookahead.audit_lookahead(strategy, bars, target, size=size, warmup=strategy.warmup()),
        doubled_costs=doubled,
        data_problems=data_problems.of_report(result.snapshot.quality, result.start_date, result.end_date),
        in_sample=in_sample,
        earlier=ledger.totals(user=result.user, series=result.series),
    )


def _require_computable(request: FrozenRequest) -> None:
    if problems := problems_again(request):
        raise BacktestRefused(fields=problems)


def _queue(result: BacktestResult, legs: Sequence[Leg] = ()) -> BacktestResult:
    """Store the frozen request, its legs and its job together; workers hear of it after the commit."""
    title = f"{result.title} +{len(legs) - 1}" if len(legs) > 1 else result.title
    with transaction.atomic():
        result.queue(RUN_KIND, title, "result_id", long=takes_minutes(result))
        Leg.objects.bulk_create(legs)
    return result
