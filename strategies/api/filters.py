"""What the list of strategies can be filtered by."""

import django_filters
from django.db.models import QuerySet

from algotrade.filters import TextFilter
from strategies.models import Strategy


class StrategyFilter(django_filters.FilterSet):
    """`?q=` searches name, symbol and description; the others match exactly."""

    q = TextFilter(method="search", label="Text in the name, symbol or description")
    strategy_type = TextFilter()
    symbol = TextFilter(lookup_expr="iexact")
    timeframe = TextFilter()
    use_ml = django_filters.BooleanFilter()

    class Meta:
        model = Strategy
        fields = ["q", "strategy_type", "symbol", "timeframe", "use_ml"]

    def search(self, rows: QuerySet[Strategy], name: str, value: str) -> QuerySet[Strategy]:
        return rows.matching(value)
