"""Which models the parameters of strategies may name, and which strategies name a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mlmodels import store
from mlmodels.errors import ModelNotFound, ModelRetired
from mlmodels.models import MLModel
from strategies.models import Strategy

CHOICES_LIMIT = 200


def strategies_using(model: MLModel) -> QuerySet[Strategy]:
    """The strategies that decide by a model, whoever owns them."""
    return Strategy.objects.filter(use_ml=True, parameters__model=model.pk).only("pk", "name", "user_id")


def check_reference(user: Any, pk: int) -> None:
    """Refuse a strategy's model that is not the user's own, was deleted, or cannot predict."""
    store.require_trained(_own(user, pk))


def check_choice(user: Any, pk: int) -> None:
    """Refuse a model that strategies may go on deciding by, but that no other one should begin with."""
    if _own(user, pk).is_retired:
        raise ModelRetired(
            _("This model was retired. Choose another version, or take it back into service on its page.")
        )


def reference_choices(user: Any) -> Iterable[tuple[int, str]]:
    """The user's trained models as a select offers them: the promoted first, the retired last."""
    rows = MLModel.objects.for_user(user).summaries()
    usable = list(rows.usable()[:CHOICES_LIMIT])
    retired = rows.succeeded().filter(stage=MLModel.Stage.RETIRED)[: CHOICES_LIMIT - len(usable)]
    return [(model.pk, _said(model)) for model in (*usable, *retired)]


def _own(user: Any, pk: int) -> MLModel:
    model = MLModel.objects.for_user(user).summaries().filter(pk=pk).first()
    if model is None:
        raise ModelNotFound(
            _(
                "You have no model %(pk)d: it was deleted, or is not yours. Choose another model, or train one."
            )
            % {"pk": pk}
        )
    return model


def _said(model: MLModel) -> str:
    about = [model.algorithm_label, f"{model.symbol} {model.timeframe}"]
    if model.stage != MLModel.Stage.CANDIDATE:
        about.append(str(model.get_stage_display()))
    return f"{model} ({', '.join(about)})"
