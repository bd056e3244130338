"""The kind of long work that trains a model."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from mlmodels.models import MLModel

TRAIN_KIND = "mlmodels.train"


def mirror_state(job: Job) -> None:
    """Keep the model's status the same as its job's."""
    MLModel.objects.filter(job=job).update(
        status=job.state,
        error_code=job.error_code,
        error_detail=job.error_detail,
        finished_at=job.finished_at,
    )


register_kind(
    JobKind(
        name=TRAIN_KIND,
        label=_("Training"),
        handler="mlmodels.tasks.train_model",
        on_state=mirror_state,
        time_limit=1800,
        preload=False,  # scikit-learn and XGBoost take seconds to import; backtests should not wait for them
    )
)
