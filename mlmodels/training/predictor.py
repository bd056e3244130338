"""The predictor: prepare, label, train, predict, explain. Needs no Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints
from marketdata.bars import Bars
from mlmodels import trading
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ModelNotReady
from mlmodels.evaluation.importance import FeatureImportance
from mlmodels.features import FeatureTable, prepare
from mlmodels.labels import Labels
from mlmodels.prediction import TrainedModel
from mlmodels.trading import Simulator
from mlmodels.training.progress import Progress
from mlmodels.training.provenance import provenance
from mlmodels.training.report import TrainingReport
from mlmodels.training.run import TrainingRun

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = NDArray[np.float64]

_UNTRAINED = "This predictor is not trained. Call train(data) first."
SECONDS_A_YEAR = 365.25 * 86_400.0


class MLPredictor:
    """Trains a classifier of "does a trade entered at the next open gain?" and predicts without looking ahead.

    Parameters
    ----------
    algorithm : str
        A key of `mlmodels.algorithms.ALGORITHMS`.
    **settings
        Other fields of `TrainingConfiguration`: hyperparameters, features, label, horizon, validation, search, seed ...

    Examples
    --------
    >>> predictor = MLPredictor("xgboost", horizon=5)          # doctest: +SKIP
    >>> report = predictor.train(bars)                         # doctest: +SKIP
    >>> report.overall.accuracy, report.overall.base_rate      # doctest: +SKIP
    """

    def __init__(self, algorithm: str = "logistic_regression", **settings: Any) -> None:
        self.configuration = TrainingConfiguration.from_dict({"algorithm": algorithm, **settings})
        self.model: TrainedModel | None = None
        self.report: TrainingReport | None = None

    @classmethod
    def from_configuration(cls, configuration: TrainingConfiguration) -> MLPredictor:
        predictor = cls()
        predictor.configuration = configuration
        return predictor

    def prepare_features(self, data: Bars | pd.DataFrame) -> FeatureTable:
        """Return the configured features of the bars; row t uses bars up to t."""
        return prepare(_bars(data), self.configuration.features, self.configuration.strategy_features)

    def create_labels(self, data: Bars | pd.DataFrame) -> Labels:
        """Return the outcome, where it is known, of a trade decided at each close and entered at the next open."""
        return self.configuration.labels(_bars(data))

    def train(
        self,
        data: Bars | pd.DataFrame,
        progress: Progress | None = None,
        *,
        labels: Labels | None = None,
        data_sha256: str = "",
        simulator: Simulator | None = None,
        periods_per_year: float | None = None,
        audit: bool = True,
        checkpoints: Checkpoints = NOWHERE,
    ) -> TrainingReport:
        """Fit and score fold after fold, train the controls, then fit the final model on all labelled rows.

        Parameters
        ----------
        data : Bars or DataFrame
        progress : callable, optional
            Called often with the share done (0 to 1) and what is going on; what it raises ends the training.
        labels : Labels, optional
            Other outcomes than the configured ones (a control of your own).
        data_sha256 : str, optional
            Fingerprint of the data; computed from the bars when left out.
        simulator : Simulator, optional
            Trades the predictions (`backtests.learning.simulate_targets`); without one the one that was provided, and
            without that the report has no trades.
        periods_per_year : float, optional
            Bars a year, for yearly figures; counted in the data when left out.
        audit : bool
            Whether features are searched for knowledge of the future first, which refuses those that have it.
        checkpoints : Checkpoints
            Where finished folds and trials are kept, and taken from: those of the same data, settings and versions.

        Returns
        -------
        TrainingReport

        Raises
        ------
        TrainingError
            By field, when nothing can be learned from these bars, or a feature knows the future or says nothing.
        """
        bars = _bars(data)
        self.configuration.check_bars(bars)
        run = TrainingRun(
            self.configuration,
            bars,
            labels=labels,
            progress=progress or _silent,
            simulate=simulator or trading.simulator(),
            periods_per_year=periods_per_year or bars_per_year(bars),
            audit=audit,
            checkpoints=checkpoints,
        )
        report, classifier = run.run()
        origin = provenance(self.configuration, run.data, data_sha256)
        self.model = TrainedModel(self.configuration, classifier, report.record, origin)
        self.report = report
        return report

    def predict(self, data: Bars | pd.DataFrame) -> Floats:
        """Return the probability of a gain at each close, shape (n_bars,), NaN where it cannot be told.

        See `TrainedModel.predict`; ModelNotReady before `train`.
        """
        return self.trained.predict(_bars(data))

    def get_feature_importance(self) -> tuple[FeatureImportance, ...]:
        """Return how much worse out-of-sample predictions become without each feature, largest first."""
        return self.trained_report.importance

    @property
    def trained(self) -> TrainedModel:
        """The trained model, which `artifacts` stores; ModelNotReady before `train`."""
        if self.model is None:
            raise ModelNotReady(_UNTRAINED)
        return self.model

    @property
    def trained_report(self) -> TrainingReport:
        """The report of the last training; ModelNotReady before `train`."""
        if self.report is None:
            raise ModelNotReady(_UNTRAINED)
        return self.report


def bars_per_year(bars: Bars) -> float:
    """How many bars the data have a year of 365.25 days, from first to last; at least two bars."""
    seconds = float((bars.time[-1] - bars.time[0]) / np.timedelta64(1, "s"))
    return (len(bars) - 1) * SECONDS_A_YEAR / seconds


def _bars(data: Bars | pd.DataFrame) -> Bars:
    return data if isinstance(data, Bars) else Bars.from_frame(data)


def _silent(share: float, message: str) -> None:
    """Nobody listens."""
