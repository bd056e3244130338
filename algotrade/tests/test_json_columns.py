"""Every JSON column of the database is named here with what keeps it small however long a run, a series or a search is.

A new JSON column must be named, or the test fails: say what bounds it, or store what grows as a file.
"""

import numpy as np
import pytest
from django.apps import apps
from django.db.models import JSONField

from backtests import curves, long_runs
from backtests.sweeps import axes

OURS = ("jobs", "accounts", "audit", "marketdata", "strategies", "mlmodels", "backtests")
BOUNDS = {
    "audit.Entry.detail": "a few facts by name",
    "backtests.BacktestResult.configuration": "settings, one value each",
    "backtests.BacktestResult.equity_curve": "5,000 points; the whole curve is a file",
    "backtests.BacktestResult.metrics": "named figures, and tables by month and year",
    "backtests.BacktestResult.overlays": "a strategy's few lines at the candles that the chart draws",
    "backtests.BacktestResult.parameters": "parameters of a type, each within its bounds",
    "backtests.BacktestResult.sparkline": "60 points",
    "backtests.BacktestResult.trades": "the newest 5,000; the whole record is a file",
    "backtests.BacktestResult.undefined": "one sentence a metric",
    "backtests.BacktestResult.warnings": "one entry a kind of doubt",
    "backtests.ModelUse.retraining": "one moment a retraining, whose number a run limits",
    "backtests.Sweep.axes": "8 axes of 10,000 values",
    "backtests.Sweep.best": "the best ten",
    "backtests.Sweep.configuration": "settings, one value each",
    "backtests.Sweep.parameters": "parameters of a type, each within its bounds",
    "jobs.Job.payload": "the number of a row, and the outcome of one check",
    "jobs.Job.timings": "two durations",
    "marketdata.BarImport.conflicts": "the first 1,000",
    "marketdata.BarImport.problems": "the first 1,000",
    "marketdata.BarImport.report": "counts by name",
    "marketdata.BarImport.settings": "options of an import",
    "marketdata.Series.recipe": "a rule, and the splits it names",
    "marketdata.Snapshot.quality": "counts, and the first examples of each kind",
    "mlmodels.MLModel.configuration": "settings, and at most so many features as a training takes",
    "mlmodels.MLModel.drift": "one entry a feature",
    "mlmodels.MLModel.feature_importance": "one entry a feature",
    "mlmodels.MLModel.metrics": "figures by fold, of which there are at most 120, and thinned curves",
    "mlmodels.MLModel.provenance": "versions and fingerprints",
    "strategies.Strategy.other_symbols": "symbols of one portfolio",
    "strategies.Strategy.parameters": "parameters of a type, each within its bounds",
}


def json_columns():
    return sorted(
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for field in model._meta.local_fields
        if isinstance(field, JSONField)
    )


def test_every_json_column_is_named_with_its_bound():
    assert set(json_columns()) - set(BOUNDS) == set(), "say in the table above what keeps these small"
    assert set(BOUNDS) - set(json_columns()) == set(), "these columns are gone"


def test_the_bounds_are_those_of_the_code():
    assert curves.MAX_POINTS == long_runs.MOST_TRADES == 5_000
    assert curves.SPARK_POINTS == 60
    assert (axes.MOST_AXES, axes.MOST_VALUES) == (8, 10_000)


@pytest.mark.parametrize("count", [4_999, 5_000, 5_001, 40_000])
def test_a_curve_of_any_length_is_thinned_to_its_bound(count):
    values = np.cumsum(np.random.default_rng(1).normal(size=count))
    kept = curves.keep_extremes(values, also=(7,))
    assert len(kept) <= 5_000
    assert {int(np.argmin(values)), int(np.argmax(values)), 0, 7, count - 1} <= set(kept.tolist())
