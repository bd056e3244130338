"""What the list of models can be filtered by."""

import django_filters

from algotrade.filters import IdFilter, TextFilter
from algotrade.jobs.models import Job
from mlmodels.models import MLModel, MLModelQuerySet


class MLModelFilter(django_filters.FilterSet):
    """`?q=` searches names and symbols, `?name=` gives the versions of one name; the others match exactly."""

    q = TextFilter(method="search", label="Text in the name or symbol")
    name = TextFilter()
    status = django_filters.ChoiceFilter(choices=Job.State.choices)
    stage = django_filters.ChoiceFilter(choices=MLModel.Stage.choices)
    algorithm = TextFilter()
    verdict = TextFilter()
    series = IdFilter(field_name="series_id")
    symbol = TextFilter(lookup_expr="iexact")
    timeframe = TextFilter()

    class Meta:
        model = MLModel
        fields: list[str] = []

    def search(self, rows: MLModelQuerySet, name: str, value: str) -> MLModelQuerySet:
        return rows.mentioning(value)
