"""What it takes to make the same model again."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from typing import Any

import xgboost

from mlmodels.configuration import TrainingConfiguration
from mlmodels.draws import fingerprint
from mlmodels.features import get_feature
from mlmodels.training.data import TrainingData
from mlmodels.validation import said

LIBRARIES = ("numpy", "numba", "scipy", "scikit-learn", "optuna", "skops")


def provenance(configuration: TrainingConfiguration, data: TrainingData, data_sha256: str) -> dict[str, Any]:
    """Plain values for JSON: data, settings, seed, folds, versions and machine.

    The same of all these give the same predictions to the last bit. Another processor or another build of a library
    may round otherwise.
    """
    bars = data.bars
    return {
        "data_sha256": data_sha256 or fingerprint(bars),
        "bars": len(bars),
        "first_bar": said(bars.time[0]),
        "last_bar": said(bars.time[-1]),
        "seed": configuration.seed,
        "features": [get_feature(name).schema for name in configuration.features],
        "strategies": [dict(strategy) for strategy in configuration.strategies],
        "columns": list(data.names),
        "label": {
            "kind": configuration.label,
            "horizon": configuration.horizon,
            "barrier_width": configuration.barrier_width,
        },
        "folds": [
            {
                "number": fold.number,
                "train_start": said(bars.time[fold.train[0]]),
                "train_end": said(bars.time[fold.train[-1]]),
                "test_start": said(bars.time[fold.test[0]]),
                "test_end": said(bars.time[fold.test[-1]]),
            }
            for fold in data.folds
        ],
        "versions": dict(library_versions()),
        "machine": {"processor": platform.machine(), "system": platform.system()},
    }


@cache
def library_versions() -> dict[str, str]:
    """The versions that decide what a training computes."""
    libraries = {name: version(name) for name in LIBRARIES}
    # The distribution is called otherwise where it is built without graphics processors.
    return {"python": platform.python_version(), **libraries, "xgboost": xgboost.__version__}
