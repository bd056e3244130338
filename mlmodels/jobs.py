"""The kinds of long work about models: training one, and comparing what it sees now with what it was trained on."""

from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from mlmodels.models import MLModel

TRAIN_KIND = "mlmodels.train"
DRIFT_KIND = "mlmodels.drift"
# A fitting inside a library's own loop may not notice a cancel; half a second longer than one that does notice.
CANCEL_GRACE_SECONDS = 1.5


register_kind(
    JobKind(
        name=TRAIN_KIND,
        label=_("Training"),
        handler="mlmodels.tasks.training.train_model",
        on_state=MLModel.follow,
        time_limit=4 * 3600,
        preload=False,  # scikit-learn and XGBoost take seconds to import; backtests should not wait for them
        cancel_grace=CANCEL_GRACE_SECONDS,
        one_per_owner=True,
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
