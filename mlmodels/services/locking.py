"""One change at a time: the row of an owner is the lock on all of the owner's models."""

from __future__ import annotations

from django.utils.translation import gettext as _

from algotrade.jobs.querysets import lock_owner
from mlmodels.errors import ModelNotFound
from mlmodels.models import MLModel


def locked(model: MLModel) -> MLModel:
    """The row as it is now, and nobody else changes a model of its owner; ModelNotFound if it is gone."""
    lock_owner(model.user_id)
    current = MLModel.objects.select_for_update().filter(pk=model.pk).first()
    if current is None:
        raise ModelNotFound(_("This model was deleted meanwhile."))
    return current
