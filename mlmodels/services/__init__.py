"""What can be done with models. Pages, API and admin go through here and raise the same errors."""

from mlmodels.services.comparison import Comparison, ScorePair, SettingDifference, compare
from mlmodels.services.drifting import check_drift
from mlmodels.services.foreseeing import Foreseen, foresee
from mlmodels.services.paired import Paired
from mlmodels.services.references import (
    check_choice,
    check_reference,
    reference_choices,
    strategies_using,
)
from mlmodels.services.registry import delete, promote, reinstate, remove_artifact, retire, set_note
from mlmodels.services.training import submit_training

__all__ = [
    "Comparison",
    "Foreseen",
    "MLModelService",
    "Paired",
    "ScorePair",
    "SettingDifference",
    "check_choice",
    "check_reference",
    "reference_choices",
    "remove_artifact",
    "strategies_using",
]


class MLModelService:
    """Foresee what a training would be, train, judge, keep and delete."""

    foresee = staticmethod(foresee)
    submit_training = staticmethod(submit_training)
    compare = staticmethod(compare)
    check_drift = staticmethod(check_drift)
    promote = staticmethod(promote)
    retire = staticmethod(retire)
    reinstate = staticmethod(reinstate)
    set_note = staticmethod(set_note)
    delete = staticmethod(delete)
