"""Which version of a model counts, what is remembered about it, and how it goes."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.boundary import problem_in_text
from algotrade.jobs.models import Job
from mlmodels import store
from mlmodels.errors import ModelBusy, ModelInUse, NoteInvalid
from mlmodels.models import LONGEST_NOTE, MLModel
from mlmodels.services.locking import locked
from mlmodels.services.references import strategies_using

MOST_NAMED = 4


def promote(model: MLModel) -> MLModel:
    """Make this the version of its name that counts; the one before is a candidate again."""
    with transaction.atomic():
        current = locked(model)
        store.require_trained(current)
        if not current.is_promoted:
            others = MLModel.objects.filter(
                user=current.user_id, name=current.name, stage=MLModel.Stage.PROMOTED
            )
            others.update(stage=MLModel.Stage.CANDIDATE)
            current.enter_stage(MLModel.Stage.PROMOTED)
    return current


def retire(model: MLModel) -> MLModel:
    """Have no new strategy decide by it. Those that do go on."""
    return _staged(model, MLModel.Stage.RETIRED)


def reinstate(model: MLModel) -> MLModel:
    """Make a retired or promoted model a candidate among others."""
    return _staged(model, MLModel.Stage.CANDIDATE)


def set_note(model: MLModel, note: Any) -> MLModel:
    """Remember a text with the model; an empty one forgets it."""
    text = note.replace("\r\n", "\n").strip() if isinstance(note, str) else None
    if text is None:
        raise NoteInvalid(fields={"note": [_("Give the note as text.")]})
    if len(text) > LONGEST_NOTE:
        said = _("The note has %(count)d characters. Shorten it to %(most)d.")
        raise NoteInvalid(fields={"note": [said % {"count": len(text), "most": LONGEST_NOTE}]})
    if problem := problem_in_text(text):
        raise NoteInvalid(fields={"note": [problem]})
    with transaction.atomic():
        current = locked(model)
        current.note = text
        current.save(update_fields=["note"])
    return current


def delete(model: MLModel, *, detach: bool = False) -> None:
    """Delete a model and its file; refused while it is being trained.

    While strategies decide by it that is refused, too, unless `detach`: then they stay as they are, and cannot be run
    until another model is chosen for them.
    """
    with transaction.atomic():
        current = locked(model)
        if current.is_active:
            raise ModelBusy(
                _("“%(name)s” is being trained. Cancel its training, then delete it.") % {"name": current}
            )
        if not detach:
            _refuse_used(current)
        if current.drift_job is not None and current.drift_job.can_cancel:
            current.drift_job.request_cancel()
        current.discard()


def remove_artifact(sender: Any, instance: MLModel, **kwargs: Any) -> None:
    """After a row is gone, whichever way, its files go too, and no job of it leads there any more."""
    pk, drift_job = instance.pk, instance.drift_job_id
    transaction.on_commit(lambda: store.remove_files(pk))
    if drift_job is not None:
        # Afterwards, because who ends that job holds its row and waits for this model's.
        transaction.on_commit(lambda: Job.objects.filter(pk=drift_job).update(result_url=""))


def _staged(model: MLModel, stage: str) -> MLModel:
    with transaction.atomic():
        current = locked(model)
        store.require_trained(current)
        if current.stage != stage:
            current.enter_stage(stage)
    return current


def _refuse_used(model: MLModel) -> None:
    users = list(strategies_using(model)[: MOST_NAMED + 1])
    if not users:
        return
    named = [f"“{strategy}”" for strategy in users[:MOST_NAMED] if strategy.user_id == model.user_id]
    if len(named) < len(users):
        named.append(_("others"))
    raise ModelInUse(
        _(
            "“%(name)s” was not deleted: these strategies decide by it: %(strategies)s. Delete them first, choose "
            "another model in them, or delete the model and leave them without one."
        )
        % {"name": model, "strategies": ", ".join(named)}
    )
