"""Asking whether what a model sees since its training still looks like what it was trained on."""

from __future__ import annotations

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.jobs import services as jobs
from marketdata.bars import Bars
from marketdata.models import Series
from marketdata.services import current_snapshot, open_snapshot
from mlmodels import store
from mlmodels.errors import ModelBusy, NoNewBars
from mlmodels.jobs import DRIFT_KIND
from mlmodels.models import MLModel
from mlmodels.services.locking import locked

FEWEST_BARS = 100
"""New bars below which the index is mostly noise: ten bins of ten bars."""


def check_drift(model: MLModel) -> MLModel:
    """Queue the comparison of the bars after the training with those of the training; `drift_job` follows it.

    Raises ModelNotReady before the training ends, NoNewBars where there is too little to compare, ModelBusy while a
    check runs.
    """
    store.require_trained(model)
    refuse_without_reference(model)
    refuse_few(model, int(bars_since(model)[1].sum()))
    with transaction.atomic():
        current = locked(model)
        if current.drift_job is not None and not current.drift_job.is_terminal:
            raise ModelBusy(_("The drift of “%(name)s” is being computed already.") % {"name": current})
        current.drift_job = jobs.submit(
            kind=DRIFT_KIND,
            owner=current.user,
            title=_("Feature drift of %(model)s") % {"model": current},
            payload={"model_id": current.pk},
            result_url=current.get_absolute_url(),
        )
        current.save(update_fields=["drift_job"])
    return current


def bars_since(model: MLModel) -> tuple[Bars, np.ndarray]:
    """The series as it is now, from the start of the training on, and which of its bars came after the training."""
    # Read anew, however long the caller has held the model.
    series = Series.objects.get(pk=model.series_id)
    bars = open_snapshot(current_snapshot(series), model.start_date)
    trained_until = np.datetime64(model.last_time.replace(tzinfo=None), "ns")
    return bars, bars.time > trained_until


def refuse_few(model: MLModel, count: int) -> None:
    """Refuse when there are too few new bars."""
    if count < FEWEST_BARS:
        raise NoNewBars(
            _(
                "%(series)s has %(count)d bars after the training of “%(name)s”; %(fewest)d are needed to compare. "
                "Import or fetch newer bars first."
            )
            % {"series": model.series, "count": count, "name": model, "fewest": FEWEST_BARS}
        )


def refuse_without_reference(model: MLModel) -> None:
    """Refuse models of before there was something to compare with."""
    if not model.metrics.get("reference"):
        raise NoNewBars(
            _(
                "“%(name)s” was trained before the lab kept how features were distributed. Train it again to follow "
                "their drift."
            )
            % {"name": model}
        )
