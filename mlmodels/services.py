"""What can be done with models. Pages, API and admin go through here and raise the same errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from algotrade.errors import LabError
from marketdata.models import Series
from marketdata.services import current_snapshot, get_visible, open_snapshot
from mlmodels import store
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ModelBusy, ModelInUse, ModelNotFound, TrainingError
from mlmodels.jobs import TRAIN_KIND
from mlmodels.models import MLModel
from strategies.models import Strategy

REFERENCE_KIND = "ml_model"
CHOICES_LIMIT = 200


class MLModelService:
    """Train and delete."""

    @classmethod
    def submit_training(
        cls,
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
        problems: dict[str, list[str]] = {}
        name = " ".join(str(name).split())
        if not name or len(name) > 100:
            problems["name"] = [_("Give the model a name of at most 100 characters.")]
        if start_date and end_date and end_date < start_date:
            problems["end_date"] = [_("The end lies before the start. Swap them or leave one out.")]
        series = _visible(user, series, problems)
        configuration = _configuration(settings, problems)
        if problems or series is None or configuration is None:
            raise TrainingError(fields=problems)
        snapshot = current_snapshot(series)
        configuration.check_bars(open_snapshot(snapshot, start_date, end_date))
        with transaction.atomic():
            # The lock on the owner's row makes finding the next version and taking it one step.
            get_user_model().objects.select_for_update().get(pk=user.pk)
            model = MLModel(
                user=user,
                name=name,
                version=_next_version(user, name),
                series=series,
                snapshot=snapshot,
                snapshot_sha256=snapshot.sha256,
                symbol=series.symbol,
                timeframe=series.timeframe,
                start_date=start_date,
                end_date=end_date,
                algorithm=configuration.algorithm,
                configuration=configuration.to_dict(),
            )
            title = _("Training %(model)s: %(algorithm)s on %(series)s") % {
                "model": model,
                "algorithm": model.algorithm_label,
                "series": series,
            }
            model.queue(TRAIN_KIND, title, "model_id")
        return model

    @classmethod
    def delete(cls, model: MLModel) -> None:
        """Delete a model and its file; refused while it is being trained or a strategy decides by it."""
        with transaction.atomic():
            current = MLModel.objects.select_for_update().filter(pk=model.pk).first()
            if current is None:
                raise ModelNotFound(_("This model was deleted meanwhile."))
            if current.is_active:
                raise ModelBusy(
                    _("“%(name)s” is being trained. Cancel its training, then delete it.") % {"name": current}
                )
            if users := list(strategies_using(current)[:4]):
                raise ModelInUse(
                    _(
                        "“%(name)s” was not deleted: these strategies decide by it: %(strategies)s. Delete them first."
                    )
                    % {"name": current, "strategies": ", ".join(f"“{strategy}”" for strategy in users)}
                )
            current.discard()


def strategies_using(model: MLModel) -> Any:
    """The strategies that decide by a model, whoever owns them."""
    return Strategy.objects.filter(use_ml=True, parameters__model=model.pk).only("pk", "name")


def remove_artifact(sender: Any, instance: MLModel, **kwargs: Any) -> None:
    """After a row is gone, whichever way, its files go too."""
    pk = instance.pk
    transaction.on_commit(lambda: store.remove_files(pk))


def check_reference(user: Any, pk: int) -> None:
    """Refuse a strategy's model that is not the user's own, or that cannot predict."""
    model = MLModel.objects.for_user(user).filter(pk=pk).first()
    if model is None:
        raise ModelNotFound(_("You have no model of this number. Train one, or choose another."))
    store.require_trained(model)


def reference_choices(user: Any) -> Iterable[tuple[int, str]]:
    """The user's trained models, as a select offers them."""
    models = MLModel.objects.for_user(user).succeeded().summaries()[:CHOICES_LIMIT]
    return [
        (model.pk, f"{model} ({model.algorithm_label}, {model.symbol} {model.timeframe})") for model in models
    ]


def _visible(user: Any, series: Series | int, problems: dict[str, list[str]]) -> Series | None:
    try:
        found = get_visible(user, series.pk if isinstance(series, Series) else series)
        current_snapshot(found)
    except LabError as error:
        problems["series"] = [error.detail]
        return None
    return found


def _configuration(settings: dict[str, Any], problems: dict[str, list[str]]) -> TrainingConfiguration | None:
    try:
        return TrainingConfiguration.from_dict(settings)
    except TrainingError as error:
        problems.update(error.fields)
        return None


def _next_version(user: Any, name: str) -> int:
    latest = MLModel.objects.for_user(user).filter(name=name).aggregate(latest=Max("version"))["latest"]
    return (latest or 0) + 1
