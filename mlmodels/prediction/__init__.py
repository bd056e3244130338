"""What a trained model says about bars, and where each answer comes from. Pure: numpy."""

from mlmodels.prediction.trained import TrainedModel, probabilities
from mlmodels.prediction.values import PRICE_TOLERANCE, Predictions, TrainingRecord

__all__ = [
    "PRICE_TOLERANCE",
    "Predictions",
    "TrainedModel",
    "TrainingRecord",
    "probabilities",
]
