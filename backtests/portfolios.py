"""Computing a run over several symbols: like `BacktestService.run_backtest`, over a panel.

The compiled engine loads on first use (`engine.PortfolioEngine`), so that a web process may import this module.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from backtests import data_problems, doubts, engine, ledger, long_runs
from backtests.curves import sparkline
from backtests.engine.config import ENGINE_VERSION
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.legs import open_panel
from backtests.models import BacktestResult, Leg
from backtests.outcome import Outcome, equity_rows, overlay_rows, trade_rows
from backtests.robustness import costs, lookahead
from marketdata.panel import Panel
from strategies.base import Overlay
from strategies.portfolio import PortfolioStrategy

Progress = Callable[[float, str], None]
LEG_COLUMNS = ("pnl", "fees_paid", "contribution", "average_weight", "total_trades")


def run_portfolio(result: BacktestResult, strategy: PortfolioStrategy, tell: Progress) -> Outcome:
    """Compute what `result` and its legs froze. Writes nothing."""
    legs = list(result.legs.select_related("snapshot"))
    panel = open_panel(result, legs)
    config = PortfolioConfig.from_dict(result.configuration)
    metrics, details = engine.PortfolioEngine(config).run_backtest(
        panel,
        strategy,
        periods_per_year=result.periods_per_year,
        progress=lambda fraction, words: tell(0.05 + 0.7 * fraction, words),
    )
    simulation, weights = details.simulation, details.weights
    tell(0.78, _("Looking for reasons not to believe it"))
    evidence = doubts.Evidence(
        simulation=simulation,
        metrics=metrics,
        audit=lookahead.audit_weights(strategy, panel, weights, warmup=strategy.warmup()),
        doubled_costs=costs.portfolio_return_at_costs(panel, weights, config, 2.0, result.periods_per_year)
        if costs.has_costs(config)
        else None,
        data_problems=data_problems.of_legs(legs, result.start_date, result.end_date),
        earlier=ledger.totals(user=result.user, series=result.series),
    )
    tell(0.88, _("Drawing the curves"))
    return Outcome(
        bar_count=len(panel),
        metrics=metrics.to_dict(),
        undefined=dict(metrics.undefined),
        trades=trade_rows(simulation.trades),
        equity_curve=equity_rows(panel.time, simulation.equity, details.benchmark_equity, details.drawdown),
        overlays=overlay_rows(_lines(strategy, panel), panel.bars(panel.symbols[0])),
        sparkline=sparkline(simulation.equity),
        warnings=doubts.doubts_about(evidence),
        engine_version=ENGINE_VERSION,
        contributions=tuple(
            {name: getattr(part, name) for name in LEG_COLUMNS} for part in simulation.contributions
        ),
        long=long_runs.columns_of(
            panel.time, simulation.equity, details.benchmark_equity, details.drawdown, simulation.trades
        ),
    )


def _lines(strategy: PortfolioStrategy, panel: Panel) -> list[Overlay]:
    """The strategy's lines at the bars of the first symbol, whose candles the result shows."""
    rows = panel.traded[:, 0]
    return [replace(line, values=line.values[rows]) for line in strategy.panel_overlays(panel)]


def store_contributions(result_id: int, contributions: Sequence[dict[str, Any]]) -> None:
    """Write what each leg contributed to its row, in one statement."""
    legs = list(Leg.objects.filter(result=result_id))
    for leg, figures in zip(legs, contributions, strict=True):
        for name, value in figures.items():
            setattr(leg, name, value)
    Leg.objects.bulk_update(legs, LEG_COLUMNS)
