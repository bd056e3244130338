"""What the list of results can be filtered by."""

import django_filters

from algotrade.filters import IdFilter, MomentFilter, TextFilter
from algotrade.jobs.models import Job
from backtests.models import BacktestResult, Sweep


class BacktestFilter(django_filters.FilterSet):
    """`?strategy=&series=&symbol=&status=&created_after=&created_before=`."""

    strategy = IdFilter(field_name="strategy_id", help_text="Id of the strategy.")
    series = IdFilter(field_name="series_id", help_text="Id of the series.")
    symbol = TextFilter(lookup_expr="iexact")
    status = django_filters.ChoiceFilter(choices=Job.State.choices)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = BacktestResult
        fields = ["strategy", "series", "symbol", "status"]


class SweepFilter(BacktestFilter):
    """The same for sweeps."""

    class Meta:
        model = Sweep
        fields = ["strategy", "series", "symbol", "status"]
