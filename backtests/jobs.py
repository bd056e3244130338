"""The kind of long work that this app has. Light: read when Django starts; the handler loads in job processes only."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.warmth import register_warm_up
from backtests.models import BacktestResult

RUN_KIND = "backtests.run"

register_kind(
    JobKind(
        name=RUN_KIND,
        label=_("Backtest"),
        handler="backtests.tasks.run_backtest",
        on_state=BacktestResult.follow,
        time_limit=600,
    )
)
register_warm_up("backtests.engine.warm.warm_up")
register_warm_up("backtests.engine.portfolio_warm.warm_up", later=True)
register_warm_up("backtests.optimize.warm.crossings", later=True)
register_warm_up("backtests.optimize.warm.targets", later=True)
