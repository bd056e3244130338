"""Filters of the market data lists."""

import django_filters

from algotrade.filters import IdFilter, MomentFilter, TextFilter
from algotrade.jobs.models import Job
from marketdata.models import BarImport, MarketData, Series
from marketdata.timeframes import CALENDARS, TIMEFRAMES


class SeriesFilter(django_filters.FilterSet):
    """`?symbol=`, `?search=`, `?timeframe=`, `?calendar=`, `?source=`, `?shared=`."""

    symbol = TextFilter(lookup_expr="iexact")
    search = TextFilter(method="filter_search", label="Part of the symbol or name")
    timeframe = django_filters.ChoiceFilter(choices=[(name, name) for name in TIMEFRAMES])
    calendar = django_filters.ChoiceFilter(choices=[(name, name) for name in CALENDARS])
    source = TextFilter()
    shared = django_filters.BooleanFilter(field_name="user", lookup_expr="isnull")

    class Meta:
        model = Series
        fields: list[str] = []

    def filter_search(self, queryset, name: str, value: str):
        return queryset.matching(value)


class MarketDataFilter(django_filters.FilterSet):
    """`?series=` is required, so that no request walks through every bar there is; `?start=` and `?end=`."""

    series = IdFilter(field_name="series_id", required=True)
    start = MomentFilter(field_name="timestamp", lookup_expr="gte")
    end = MomentFilter(field_name="timestamp", lookup_expr="lte")

    class Meta:
        model = MarketData
        fields: list[str] = []


class ImportFilter(django_filters.FilterSet):
    """`?status=`, `?source=`, `?series=`, `?symbol=`."""

    status = django_filters.ChoiceFilter(choices=Job.State.choices)
    source = django_filters.ChoiceFilter(choices=BarImport.Source.choices)
    series = IdFilter(field_name="series_id")
    symbol = TextFilter(lookup_expr="iexact")

    class Meta:
        model = BarImport
        fields: list[str] = []
