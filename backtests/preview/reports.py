"""The open problems of the data behind previews: asked of the database once for each state of a series."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from backtests import data_problems, doubts
from backtests.preview.question import Question
from marketdata.models import Series, Snapshot

KEPT = 500

_reports: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


def doubts_of_data(chosen: Sequence[Series], question: Question) -> list[dict[str, Any]]:
    """The doubt, if any, that the quality of the series gives cause for within the days of the preview."""
    found = [
        {**({"symbol": series.symbol} if question.legs else {}), **problem}
        for series in chosen
        for problem in _problems(series, question.start, question.end)
    ]
    return [doubts.data_doubt(found)] if found else []


def _problems(series: Series, start: str, end: str) -> list[dict[str, Any]]:
    key = (series.pk, series.content_sha256, series.updated_at, start, end)
    if key not in _reports:
        kept = Snapshot.objects.filter(series=series, sha256=series.content_sha256)
        _reports[key] = data_problems.between(kept.values_list("quality", flat=True).first(), start, end)
        while len(_reports) > KEPT:
            _reports.popitem(last=False)
    found: list[dict[str, Any]] = _reports[key]
    return found
