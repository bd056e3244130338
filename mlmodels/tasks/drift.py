"""Comparing what a model sees since its training with what it was trained on, in a job's own process."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from algotrade.jobs.context import JobContext
from marketdata.bars import Bars, utc_datetime
from mlmodels.configuration import TrainingConfiguration
from mlmodels.drift import Drift, Level, Reference, drift_of, moved_of, usual_of
from mlmodels.errors import ModelNotFound
from mlmodels.features import FeatureTable, label_of, prepare
from mlmodels.models import MLModel
from mlmodels.services.drifting import bars_since, refuse_few, refuse_without_reference
from mlmodels.services.locking import locked


def compare_drift(context: JobContext) -> Callable[[], None]:
    """Compute the drift of each feature of the model that the payload names."""
    model = (
        MLModel.objects.filter(pk=context.payload["model_id"], user=context.owner_id)
        .select_related("series")
        .first()
    )
    if model is None:
        raise ModelNotFound(_("The model was deleted before its drift was computed."))
    refuse_without_reference(model)
    context.progress(0.0, _("Loading bars"))
    bars, since = bars_since(model)
    refuse_few(model, int(since.sum()))
    configuration = TrainingConfiguration.from_dict(model.configuration)
    references = {name: Reference.from_dict(row) for name, row in model.metrics["reference"].items()}
    found: list[Drift] = []
    for share, table in _tables(configuration, bars):
        found += drift_of(references, table.values[since], table.names, table.values[~since])
        context.progress(share, _("Comparing %(feature)s") % {"feature": table.names[-1]})
    return lambda: _record(model, found, bars.time[since])


def _tables(configuration: TrainingConfiguration, bars: Bars) -> Iterator[tuple[float, FeatureTable]]:
    """Features one after another with the share that is done, so that only one is held and a cancel is noticed."""
    strategies = configuration.strategy_features
    steps = len(configuration.features) + len(strategies)
    for number, name in enumerate(configuration.features, start=1):
        yield number / steps, prepare(bars, (name,))
    for number, strategy in enumerate(strategies, start=len(configuration.features) + 1):
        yield number / steps, prepare(bars, (), (strategy,))


def _record(model: MLModel, found: list[Drift], time: NDArray[np.datetime64]) -> None:
    rows = [_row(drift) for drift in found]
    rows.sort(key=lambda row: -(row["psi"] or 0.0))
    moved, usual = moved_of(found), usual_of(found)
    locked(model).record_drift(
        {
            "checked_at": timezone.now().isoformat(timespec="seconds"),
            "start": utc_datetime(time[0]).isoformat(),
            "end": utc_datetime(time[-1]).isoformat(),
            "bars": int(time.size),
            "level": _level(found, alarmed=moved > usual),
            "moved": moved,
            "usual": usual,
            "features": rows,
        }
    )


def _level(found: list[Drift], *, alarmed: bool) -> Level:
    """The largest level, once more features have moved than do anyway."""
    largest: Level = max((drift.level for drift in found), key=get_args(Level).index, default="unknown")
    return largest if alarmed or largest == "unknown" else "stable"


def _row(drift: Drift) -> dict[str, Any]:
    past = drift.past
    return {
        "name": drift.name,
        "label": label_of(drift.name),
        "psi": drift.psi,
        "by_chance": drift.by_chance,
        "level": drift.level,
        "rows": drift.rows,
        "window_bars": past.bars if past else None,
        "windows": past.windows if past else None,
    }
