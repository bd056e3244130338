"""The kinds of long work about models: training one, and comparing what it sees now with what it was trained on."""

from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from mlmodels import store
from mlmodels.models import MLModel

TRAIN_KIND = "mlmodels.train"
DRIFT_KIND = "mlmodels.drift"
# A fitting inside a library's own loop may not notice a cancel; half a second longer than one that does notice.
CANCEL_GRACE_SECONDS = 1.5


def follow_training(job: Job) -> None:
    """Copy the job's state to its model; one that ended without success leaves no file behind.

    A cancel may come, and storing the result may fail, after the file was written.
    """
    MLModel.follow(job)
    model_id = job.payload.get("model_id")
    if job.state in {Job.State.FAILED, Job.State.CANCELLED} and model_id:
        transaction.on_commit(partial(store.remove_files, model_id))


register_kind(
    JobKind(
        name=TRAIN_KIND,
        label=_("Training"),
        handler="mlmodels.tasks.training.train_model",
        on_state=follow_training,
        time_limit=4 * 3600,
        preload=False,  # scikit-learn and XGBoost take seconds to import; backtests should not wait for them
        cancel_grace=CANCEL_GRACE_SECONDS,
        one_per_owner=True,
        long=True,
    )
)
register_kind(
    JobKind(
        name=DRIFT_KIND,
        label=_("Feature drift"),
        handler="mlmodels.tasks.drift.compare_drift",
        time_limit=600,
    )
)
