"""The one place where the database meets the engine: asking for a run, computing it, and what is done with results.

The compiled engine loads on first use (`engine.BacktestEngine`), so that importing this module costs a web process
nothing.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.jobs import services as jobs
from algotrade.jobs.errors import AlreadyEnded
from algotrade.jobs.models import Job
from backtests import engine, verdict
from backtests.curves import sparkline
from backtests.engine.config import ENGINE_VERSION, SimulationConfig
from backtests.errors import BacktestRefused
from backtests.jobs import RUN_KIND
from backtests.models import BacktestResult
from backtests.outcome import Outcome, equity_rows, overlay_rows, trade_rows
from backtests.preparation import build, check_period, configure, series_for
from backtests.robustness import costs, lookahead
from marketdata.errors import NoBars
from marketdata.models import Series
from marketdata.services import current_snapshot, get_visible, open_snapshot
from strategies import registry
from strategies.base import BaseStrategy
from strategies.errors import StrategyNotFound
from strategies.models import Strategy

FROZEN = (
    "user",
    "strategy",
    "strategy_name",
    "strategy_type",
    "parameters",
    "series",
    "snapshot",
    "snapshot_sha256",
    "symbol",
    "timeframe",
    "periods_per_year",
    "start_date",
    "end_date",
    "configuration",
    "seed",
)

Progress = Callable[[float, str], None]


class BacktestService:
    """Pages, API, admin and the job all go through here and raise the same errors."""

    @classmethod
    def submit(
        cls,
        *,
        user: Any,
        strategy: Strategy,
        series: Series | None = None,
        start_date: dt.date | None = None,
        end_date: dt.date | None = None,
        configuration: Mapping[str, Any] | None = None,
    ) -> BacktestResult:
        """Check everything, freeze it into a result, and queue the job that computes it.

        Without a series the user's own one (else a shared one) of the strategy's symbol and timeframe is taken;
        without dates, all of it; without an initial capital, the strategy's. Every problem is reported at once,
        by field; nothing is stored then.
        """
        if strategy.user_id != user.pk:
            raise StrategyNotFound(_("There is no such strategy of yours."))
        problems: dict[str, list[str]] = {}
        config = configure(strategy, configuration, problems)
        built = build(strategy, user, problems)
        series = series or series_for(strategy, user)
        if series is None:
            said = _("You have no %(timeframe)s data for %(symbol)s. Import it, or choose another series.")
            problems["series"] = [said % {"timeframe": strategy.timeframe, "symbol": strategy.symbol}]
            raise BacktestRefused(fields=problems)
        try:
            snapshot = current_snapshot(get_visible(user, series.pk))
        except NoBars as error:
            problems["series"] = [error.detail]
            raise BacktestRefused(fields=problems) from error
        period = check_period(snapshot, start_date, end_date, built, problems)
        if problems or config is None or period is None:
            raise BacktestRefused(fields=problems)
        return _queue(
            BacktestResult(
                user=user,
                strategy=strategy,
                strategy_name=strategy.name,
                strategy_type=strategy.strategy_type,
                parameters=dict(strategy.parameters),
                series=series,
                snapshot=snapshot,
                snapshot_sha256=snapshot.sha256,
                symbol=series.symbol,
                timeframe=series.timeframe,
                periods_per_year=series.periods_per_year,
                start_date=period.start,
                end_date=period.end,
                configuration=config.to_dict(),
            )
        )

    @classmethod
    def rerun(cls, result: BacktestResult) -> BacktestResult:
        """Run exactly the same again: same parameters, same configuration, same bytes of data."""
        return _queue(BacktestResult(**{name: getattr(result, name) for name in FROZEN}))

    @classmethod
    def cancel(cls, result: BacktestResult) -> BacktestResult:
        """Ask a waiting or running one to stop."""
        if result.job is None:
            raise AlreadyEnded(_("This backtest has ended already: there is nothing to cancel."))
        jobs.request_cancel(result.job)
        result.refresh_from_db(fields=["status", "finished_at"])
        return result

    @classmethod
    def delete(cls, results: Iterable[BacktestResult]) -> int:
        """Delete results; those still running are stopped. Their jobs stay in the list of jobs."""
        deleted = 0
        with transaction.atomic():
            for result in results:
                job = result.job
                if job is not None:
                    if job.can_cancel:
                        job.request_cancel()
                    Job.objects.filter(pk=job.pk).update(result_url="")
                result.delete()
                deleted += 1
        return deleted

    @staticmethod
    def get_strategy_class(strategy_type: str) -> type[BaseStrategy]:
        """The class behind a type's key; a miss lists the keys that exist."""
        return registry.get_strategy_class(strategy_type)

    @classmethod
    def run_backtest(cls, result: BacktestResult, progress: Progress | None = None) -> Outcome:
        """Compute what `result` froze: columns of its snapshot, the strategy's target, the simulation, the metrics.

        Writes nothing. `progress` is told a fraction and plain words, and may raise to stop the run.
        """
        tell = progress or (lambda fraction, words: None)
        tell(0.02, _("Loading the bars"))
        bars = open_snapshot(result.snapshot, start=result.start_date, end=result.end_date)
        strategy = cls.get_strategy_class(result.strategy_type)(**result.parameters)
        config = SimulationConfig.from_dict(result.configuration)
        metrics, details = engine.BacktestEngine(config).run_backtest(
            bars,
            strategy,
            periods_per_year=result.periods_per_year,
            progress=lambda fraction, words: tell(0.05 + 0.7 * fraction, words),
        )
        simulation = details.simulation
        tell(0.78, _("Looking for reasons not to believe it"))
        evidence = verdict.Evidence(
            simulation=simulation,
            metrics=metrics,
            audit=lookahead.audit_lookahead(strategy, bars, details.target, warmup=strategy.warmup()),
            doubled_costs=costs.return_at_costs(bars, details.target, config, 2.0, result.periods_per_year)
            if costs.has_costs(config)
            else None,
            quality=result.snapshot.quality or {},
            in_sample=strategy.in_sample_share(bars),
        )
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
            warnings=verdict.doubts_about(evidence),
            engine_version=ENGINE_VERSION,
        )


def _queue(result: BacktestResult) -> BacktestResult:
    """Store the frozen request and its job together; workers hear of it after the commit."""
    with transaction.atomic():
        result.save()
        result.job = jobs.submit(
            kind=RUN_KIND,
            owner=result.user,
            title=result.title,
            payload={"result_id": result.pk},
            result_url=result.get_absolute_url(),
        )
        result.save(update_fields=["job"])
    return result
