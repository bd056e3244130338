"""The strategy that trains along, quick enough for tests, and a count of what it fits."""

from mlmodels import estimators
from mlmodels.strategies.walk_forward import MLWalkForwardStrategy
from mlmodels.tests.prices import autoregressive

BARS = autoregressive(500, 0.3, seed=5)
QUICK = {
    "horizon": 2,
    "first_training": 120,
    "retrain_every": 60,
    "volatility": False,
    "oscillators": False,
    "trend": False,
}
FIRST = 20 + 120 + 1 + 2
"""The first bar decided: 20 bars of features, 120 rows to learn from, whose outcomes of 2 bars are known then."""


def follow(**changes):
    return MLWalkForwardStrategy(**{**QUICK, **changes})


def counted_fits(monkeypatch):
    """A list that gets the number of rows of each fit that is made."""
    made, real = [], estimators.fit

    def fit(algorithm, features, *arguments, **more):
        made.append(len(features))
        return real(algorithm, features, *arguments, **more)

    monkeypatch.setattr(estimators, "fit", fit)
    return made
