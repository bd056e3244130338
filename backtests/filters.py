"""What the page of results can be narrowed by, read from its address."""

from dataclasses import dataclass
from typing import Any, Self

from algotrade.jobs.models import Job
from backtests.models import BacktestQuerySet


@dataclass(frozen=True, slots=True)
class ListFilter:
    """The page's filter and order. What cannot be read is left out, so that an old link still shows a list."""

    strategy: int | None = None
    symbol: str = ""
    status: str = ""
    text: str = ""
    sort: str = "-created_at"

    @classmethod
    def read(cls, query: Any) -> Self:
        strategy = query.get("strategy", "")
        status = query.get("status", "")
        sort = query.get("sort", "")
        return cls(
            strategy=int(strategy)
            if strategy.isascii() and strategy.isdigit() and len(strategy) < 18
            else None,
            symbol=query.get("symbol", "").strip()[:40],
            status=status if status in Job.State.values else "",
            text=query.get("q", "").strip()[:120],
            sort=sort if sort.removeprefix("-") in BacktestQuerySet.sortable else "-created_at",
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.strategy or self.symbol or self.status or self.text)

    def apply(self, results: BacktestQuerySet) -> BacktestQuerySet:
        """The results that match, in the wanted order."""
        narrowed = results.matching(
            strategy=self.strategy, symbol=self.symbol, status=self.status, text=self.text
        )
        return narrowed.sorted_by(self.sort)
