"""The last result of each strategy, for the list of strategies."""

from collections.abc import Mapping, Sequence

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from backtests.models import BacktestResult
from strategies.headlines import Headline
from strategies.models import Strategy


def latest_results(strategies: Sequence[Strategy]) -> Mapping[int, Headline]:
    """Headlines by strategy id, in one query."""
    newest = BacktestResult.objects.filter(strategy=OuterRef("strategy")).order_by("-created_at", "-pk")
    rows = (
        BacktestResult.objects.filter(strategy__in=[strategy.pk for strategy in strategies])
        .filter(pk=Subquery(newest.values("pk")[:1]))
        .annotate(decided_in_sample=Coalesce(F("model_use__in_sample_share"), 0.0))
        .only("strategy_id", "status", "total_return", "sharpe_ratio", "sparkline")
    )
    return {
        row.strategy_id: Headline(
            url=row.get_absolute_url(),
            status=row.status,
            total_return=row.total_return,
            sharpe_ratio=row.sharpe_ratio,
            sparkline=row.sparkline,
            in_sample=row.decided_in_sample > 0.0,
        )
        for row in rows
        if row.strategy_id is not None
    }
