"""Asking for a training: everything that can be known is checked before there is a job."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings as lab_settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from algotrade.errors import LabError
from algotrade.jobs.querysets import lock_owner
from algotrade.templatetags.figures import integer
from marketdata.bars import Bars
from marketdata.models import Series, Snapshot
from marketdata.services import current_snapshot, get_visible, open_snapshot
from mlmodels.configuration import TrainingConfiguration
from mlmodels.configuration.checks import Problems
from mlmodels.errors import TrainingError, TrainingTooLarge
from mlmodels.jobs import TRAIN_KIND
from mlmodels.models import LONGEST_NAME, MLModel


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What a training would be made of, as far as it could be understood; what could not is in `problems`."""

    series: Series | None
    snapshot: Snapshot | None
    configuration: TrainingConfiguration | None
    start_date: dt.date | None
    end_date: dt.date | None
    problems: Problems

    def bars(self, problems: Problems) -> Bars | None:
        """The bars it would be trained on, or None, and a problem where the period holds none."""
        if self.snapshot is None or "end_date" in problems:
            return None
        try:
            bars = open_snapshot(self.snapshot, self.start_date, self.end_date)
        except LabError as error:
            problems |= error.fields or {"series": [error.detail]}
            return None
        if len(bars):
            return bars
        said = _("There are no bars in this period: the data go from %(first)s to %(last)s.")
        first, last = self.snapshot.first_time.date(), self.snapshot.last_time.date()
        problems["start_date" if self.start_date else "end_date"] = [said % {"first": first, "last": last}]
        return None


def understand(
    user: Any,
    series: Series | int | None,
    start_date: dt.date | None,
    end_date: dt.date | None,
    settings: Mapping[str, Any],
) -> TrainingRequest:
    """Look up and check what was asked for, part by part, so that all refusals can be told at once."""
    problems: Problems = {}
    if start_date and end_date and end_date < start_date:
        problems["end_date"] = [_("The end lies before the start. Swap them or leave one out.")]
    found, snapshot = _visible(user, series, problems)
    configuration = _configuration(settings, problems)
    return TrainingRequest(found, snapshot, configuration, start_date, end_date, problems)


def submit_training(
    *,
    user: Any,
    name: str,
    series: Series | int,
    start_date: dt.date | None = None,
    end_date: dt.date | None = None,
    **settings: Any,
) -> MLModel:
    """Check everything that can be known now, then queue the training.

    `settings` are those of `TrainingConfiguration`. All refusals are collected, by field.
    """
    request = understand(user, series, start_date, end_date, settings)
    problems = dict(request.problems)
    name = " ".join(str(name).split())
    if not name or len(name) > LONGEST_NAME:
        problems["name"] = [_("Give the model a name of at most %d characters.") % LONGEST_NAME]
    bars = request.bars(problems)
    if problems or bars is None or request.configuration is None:
        raise TrainingError(fields=problems)
    _check_limits(len(bars), request.configuration.fits)
    request.configuration.check_bars(bars)
    return _queued(user, name, request)


def _check_limits(bars: int, fits: int) -> None:
    """Refuse more than this lab computes in one training."""
    problems: Problems = {}
    most_bars, most_fits = lab_settings.TRAINING_MAX_BARS, lab_settings.TRAINING_MAX_FITS
    if bars > most_bars:
        said = _(
            "%(count)s bars are more than the %(limit)s one training takes (TRAINING_MAX_BARS). Choose a shorter "
            "period or a coarser timeframe."
        )
        problems["series"] = [said % {"count": integer(bars), "limit": integer(most_bars)}]
    if fits > most_fits:
        said = _(
            "This training would fit up to %(count)s models; the limit is %(limit)s (TRAINING_MAX_FITS). Take fewer "
            "trials or folds."
        )
        problems["folds"] = [said % {"count": integer(fits), "limit": integer(most_fits)}]
    if problems:
        raise TrainingTooLarge(fields=problems)


def _queued(user: Any, name: str, request: TrainingRequest) -> MLModel:
    with transaction.atomic():
        lock_owner(user.pk)  # finding the next version and taking it is one step
        model = MLModel(
            user=user,
            name=name,
            version=_next_version(user, name),
            series=request.series,
            snapshot=request.snapshot,
            snapshot_sha256=request.snapshot.sha256,
            symbol=request.series.symbol,
            timeframe=request.series.timeframe,
            start_date=request.start_date,
            end_date=request.end_date,
            algorithm=request.configuration.algorithm,
            configuration=request.configuration.to_dict(),
        )
        title = _("Training %(model)s: %(algorithm)s on %(series)s") % {
            "model": model,
            "algorithm": model.algorithm_label,
            "series": request.series,
        }
        model.queue(TRAIN_KIND, title, "model_id")
    return model


def _visible(
    user: Any, series: Series | int | None, problems: Problems
) -> tuple[Series | None, Snapshot | None]:
    if series is None:
        problems["series"] = [_("Choose the series to train on.")]
        return None, None
    try:
        found = get_visible(user, series.pk if isinstance(series, Series) else series)
        return found, current_snapshot(found)
    except LabError as error:
        problems["series"] = [error.detail]
        return None, None


def _configuration(settings: Mapping[str, Any], problems: Problems) -> TrainingConfiguration | None:
    try:
        return TrainingConfiguration.from_dict(settings)
    except TrainingError as error:
        problems.update(error.fields)
        return None


def _next_version(user: Any, name: str) -> int:
    latest = MLModel.objects.for_user(user).filter(name=name).aggregate(latest=Max("version"))["latest"]
    return (latest or 0) + 1
