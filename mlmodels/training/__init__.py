"""From bars to a model and an honest report of it. For jobs and notebooks: it imports the learning libraries."""

from mlmodels.draws import fingerprint
from mlmodels.evaluation.controls import random_walk_twin, shuffled
from mlmodels.training.fitting import fit_rows
from mlmodels.training.predictor import MLPredictor
from mlmodels.training.provenance import library_versions
from mlmodels.training.report import TrainingReport

__all__ = [
    "MLPredictor",
    "TrainingReport",
    "fingerprint",
    "fit_rows",
    "library_versions",
    "random_walk_twin",
    "shuffled",
]
