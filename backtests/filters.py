"""What a list of results can be narrowed by: the page's query string and the API's filter set."""

from dataclasses import dataclass
from typing import Any, Self

import django_filters
from django.db.models import QuerySet
from rest_framework.filters import OrderingFilter

from algotrade.jobs.models import Job
from backtests.models import SORTABLE, BacktestQuerySet, BacktestResult

LARGEST_ID = 2**63 - 1


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
            sort=sort if sort.removeprefix("-") in SORTABLE else "-created_at",
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


class BacktestFilterSet(django_filters.FilterSet):
    """`?strategy=&symbol=&status=&created_after=&created_before=`."""

    strategy = django_filters.NumberFilter(
        field_name="strategy_id",
        min_value=1,
        max_value=LARGEST_ID,
        decimal_places=0,
        help_text="Id of the strategy.",
    )
    symbol = django_filters.CharFilter(lookup_expr="iexact")
    status = django_filters.ChoiceFilter(choices=Job.State.choices)
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = BacktestResult
        fields = ["strategy", "symbol", "status"]


class NullsLastOrdering(OrderingFilter):
    """`?ordering=-sharpe_ratio`: results without the value come last on every database."""

    def filter_queryset(self, request: Any, queryset: QuerySet, view: Any) -> QuerySet:
        ordering = self.get_ordering(request, queryset, view)
        return queryset.sorted_by(ordering[0]) if ordering else queryset
