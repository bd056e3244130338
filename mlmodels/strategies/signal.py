"""A trained model as a strategy: long where it foresees a gain, short or out where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from marketdata.bars import Bars
from mlmodels import store
from mlmodels.models import REFERENCE_KIND
from mlmodels.prediction import Predictions
from mlmodels.strategies.deciding import DECIDING, DecidesByProbability
from strategies.errors import ParameterError
from strategies.params import BoolParam, Param, ReferenceParam, Value
from strategies.registry import register

_PICKED = (
    "A sweep over in-sample decisions would pick the model that knows its answers best. Turn “in_sample” off."
)


@register
class MLSignalStrategy(DecidesByProbability):
    """Decides by probabilities that were never made by a model which had seen their outcome.

    Within the model's training period these are its out-of-fold predictions, after it those of the final model.
    Where there is no prediction the position is kept, so nothing happens before the first one. Who wants the final
    model's word on the bars it was trained on must turn on `in_sample`, and every result says so.
    """

    key = "ml_signal"
    label = "Trained model"
    summary = "Follows the out-of-sample predictions of a model you trained."
    rules = (
        "Buy when the model gives a gain more than 50 % plus the margin.",
        "When it gives less than 50 % minus the margin, go short where short trades are on, else stay out.",
        "In between, stay out. Within the training period only out-of-fold predictions are used.",
    )
    params = (
        ReferenceParam(
            "model",
            kind=REFERENCE_KIND,
            label="Model",
            help="One of your trained models, by its predictions.",
        ),
        *DECIDING,
        BoolParam(
            "in_sample",
            default=False,
            label="In-sample bars",
            help="Also use the final model on the bars it was trained on, on earlier ones and on other prices. It "
            "knows their answers: such a result is labelled IN-SAMPLE and says nothing about the future.",
        ),
    )

    @classmethod
    def tunable(cls, parameters: Mapping[str, Any]) -> tuple[Param, ...]:
        return tuple(param for param in super().tunable(parameters) if param.name != "in_sample")

    @classmethod
    def tuned(cls, parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Value]:
        tuned = super().tuned(parameters, values)
        if tuned["in_sample"]:
            raise ParameterError(_PICKED, fields={"in_sample": [_PICKED]})
        return tuned

    def describe_rules(self) -> tuple[str, ...]:
        said = super().describe_rules()
        if not self.parameters["in_sample"]:
            return said
        return (
            *said[:-1],
            "In between, stay out. IN-SAMPLE: bars that the model was trained on are traded, too.",
        )

    def predict(self, bars: Bars) -> Predictions:
        model = store.open_model(cast(int, self.parameters["model"]))
        return model.predictions(bars, in_sample=bool(self.parameters["in_sample"]))
