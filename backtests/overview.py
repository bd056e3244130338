"""What the dashboard shows, in few queries."""

from typing import Any

from django.db.models import Q

from algotrade.jobs.models import Job
from backtests.models import BacktestResult
from marketdata.models import Series
from strategies.models import Strategy

LATEST = 8
BEST = 5
RUNNING = 5
ATTENTION = 5


def latest(user: Any) -> list[BacktestResult]:
    """The newest results, without their heavy columns."""
    return list(BacktestResult.objects.for_user(user).summaries()[:LATEST])


def best(user: Any) -> list[BacktestResult]:
    """The highest Sharpe ratios; those of models that knew the answers are no achievement."""
    measured = BacktestResult.objects.for_user(user).succeeded().filter(sharpe_ratio__isnull=False)
    return list(measured.out_of_sample().summaries().order_by("-sharpe_ratio", "-pk")[:BEST])


def attention(user: Any) -> list[Series]:
    """The user's own series that are empty or that their quality report doubts."""
    doubtful = Q(bar_count=0) | Q(quality_grade="poor")
    return list(Series.objects.for_user(user).filter(doubtful)[:ATTENTION])


def dashboard(user: Any) -> dict[str, Any]:
    """The context of the first page after log-in."""
    newest = latest(user)
    return {
        "jobs": list(Job.objects.for_user(user).active().order_by("created_at")[:RUNNING]),
        "latest": newest,
        "best": best(user) if newest else [],
        "attention": attention(user),
        "has_strategies": bool(newest) or Strategy.objects.for_user(user).exists(),
        "has_data": bool(newest) or Series.objects.visible_to(user).with_bars().exists(),
    }
