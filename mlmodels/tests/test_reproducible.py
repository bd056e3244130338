"""Same seed, data and versions: the same predictions to the last bit, whatever the process and its environment."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlmodels.algorithms import ALGORITHMS
from mlmodels.tests.prices import autoregressive
from mlmodels.training import MLPredictor, fingerprint

ROOT = Path(__file__).resolve().parents[2]
BARS = autoregressive(700, 0.3, seed=5)
SETTINGS = {
    "features": ["log_return(1)", "log_return(5)", "volatility(10)", "rsi(14)"],
    "folds": 2,
    "horizon": 2,
    "calibration": "sigmoid",
    "search": "random",
    "search_trials": 2,
    "controls": False,
}
SCRIPT = """
import json, sys
from mlmodels.tests.test_reproducible import answers
print(json.dumps({key: answers(key) for key in sys.argv[1:]}))
"""
ELSEWHERE = {
    "PYTHONHASHSEED": "12345",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
    "PYTHONPATH": str(ROOT),
    "DJANGO_SETTINGS_MODULE": "",
}


def answers(algorithm):
    """A fingerprint of all that a training says: predictions within and after its period, report and search."""
    quick = {} if algorithm == "logistic_regression" else {"trees": 5}
    predictor = MLPredictor(algorithm, hyperparameters=quick, **SETTINGS)
    report = predictor.train(BARS).to_dict()
    later = autoregressive(800, 0.3, seed=5)
    digest = hashlib.sha256(predictor.predict(later).tobytes())
    # Trades depend on the simulator, which a bare process has not.
    told = {name: part for name, part in report.items() if name not in ("trading", "thresholds", "controls")}
    digest.update(json.dumps(told, sort_keys=True).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def other_process():
    """What a fresh process says, with another hash seed and other numbers of threads."""
    environment = {**os.environ, **ELSEWHERE}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *ALGORITHMS], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    "algorithm", ["logistic_regression", "random_forest", "xgboost", "histogram_boosting"]
)
def test_another_process_gives_the_same_to_the_last_bit(algorithm, other_process):
    assert answers(algorithm) == other_process[algorithm]


def test_another_seed_gives_another_forest():
    first, second = (
        MLPredictor("random_forest", hyperparameters={"trees": 5}, folds=2, controls=False, seed=seed)
        for seed in (1, 2)
    )
    first.train(BARS)
    second.train(BARS)
    assert not np.array_equal(first.predict(BARS), second.predict(BARS), equal_nan=True)


def test_provenance_says_what_it_takes_to_train_the_same_again():
    predictor = MLPredictor("xgboost", hyperparameters={"trees": 5}, **SETTINGS)
    report = predictor.train(BARS)
    origin = json.loads(json.dumps(predictor.trained.provenance))
    assert origin["data_sha256"] == fingerprint(BARS)
    assert (origin["bars"], origin["first_bar"]) == (700, "2000-01-01T00:00:00Z")
    assert origin["seed"] == 1
    assert origin["features"][:2] == ["log_return(1)@1", "log_return(5)@1"]
    assert origin["label"] == {"kind": "fixed_horizon", "horizon": 2, "barrier_width": 1.0}
    assert [(fold["train_end"], fold["test_start"]) for fold in origin["folds"]] == [
        (fold.train_end, fold.test_start) for fold in report.folds
    ]
    assert {"python", "numpy", "numba", "scipy", "scikit-learn", "xgboost", "optuna"} <= set(
        origin["versions"]
    )
    assert origin["machine"]["processor"]
    # The bars and the stored settings are enough.
    again = MLPredictor.from_configuration(
        type(predictor.configuration).from_dict(predictor.configuration.to_dict())
    )
    again.train(BARS)
    np.testing.assert_array_equal(again.predict(BARS), predictor.predict(BARS))
