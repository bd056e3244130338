"""What a training is asked to do. Light: forms, the API and job code share it."""

from mlmodels.configuration.checks import LARGEST_TRAINING, MOST_FITS
from mlmodels.configuration.params import COST_PARAM, TRAINING_PARAMS
from mlmodels.configuration.planning import each_fold, fewest_training_rows, needed_bars, plan, plan_folds
from mlmodels.configuration.relevance import LEADERS, applies
from mlmodels.configuration.settings import TrainingConfiguration

__all__ = [
    "COST_PARAM",
    "LARGEST_TRAINING",
    "LEADERS",
    "MOST_FITS",
    "TRAINING_PARAMS",
    "TrainingConfiguration",
    "applies",
    "each_fold",
    "fewest_training_rows",
    "needed_bars",
    "plan",
    "plan_folds",
]
