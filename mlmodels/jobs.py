"""The kind of long work that trains a model."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from mlmodels.models import MLModel

TRAIN_KIND = "mlmodels.train"


register_kind(
    JobKind(
        name=TRAIN_KIND,
        label=_("Training"),
        handler="mlmodels.tasks.train_model",
        on_state=MLModel.follow,
        time_limit=1800,
        preload=False,  # scikit-learn and XGBoost take seconds to import; backtests should not wait for them
    )
)
