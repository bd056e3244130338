"""A training that was killed goes on where it stood, and ends with the same bits."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from algotrade.checkpoints import NOWHERE, FolderCheckpoints
from algotrade.env import BASE_DIR
from mlmodels import estimators
from mlmodels.tests.prices import autoregressive
from mlmodels.trading import Traded
from mlmodels.training import MLPredictor, resuming

BARS = autoregressive(900, 0.2, seed=3)
SETTINGS = {
    "plain": {"algorithm": "xgboost", "hyperparameters": {"trees": 12}},
    "searched": {
        "algorithm": "logistic_regression",
        "search": "optuna",
        "search_trials": 3,
        "folds": 2,
        "controls": False,
    },
    "combinatorial": {
        "algorithm": "xgboost",
        "hyperparameters": {"trees": 5},
        "validation": "combinatorial",
        "folds": 4,
        "test_folds": 2,
        "calibration": "sigmoid",
        "controls": False,
    },
}


class Stopped(Exception):
    """The training was left."""


def simulated(bars, targets, *, cost_rate, short_trades, periods_per_year):
    """Trades without an account: each target is held over the next bar, and each change of it costs its rate."""
    return [_held(bars, np.nan_to_num(target), cost_rate) for target in targets]


def _held(bars, target, cost_rate):
    changed = np.abs(np.diff(target, prepend=0.0))
    returns = np.append(0.0, target[:-1] * np.diff(bars.close) / bars.close[:-1]) - cost_rate * changed
    equity = np.cumprod(1.0 + returns)
    trades, exposure = int((changed > 0).sum()), float((target != 0).mean())
    return Traded(equity[-1] - 1.0, float(returns.mean()), -1.0, 1.0, -0.5, trades, exposure, equity)


def trained(name, checkpoints=NOWHERE, progress=None):
    """Everything that a training gives: its report, its record and what its final model says."""
    predictor = MLPredictor(features=["log_return(1)", "rsi(14)", "volatility(20)"], **SETTINGS[name])
    report = predictor.train(BARS, progress, simulator=simulated, checkpoints=checkpoints, audit=False)
    values = predictor.prepare_features(BARS).values[40:]
    said = (report.record.probability, predictor.trained.classifier.probability_up(values))
    return json.dumps(report.to_dict(), sort_keys=True), *(one.tobytes() for one in said)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "KEEP_SECONDS", 0.0)
    return FolderCheckpoints(tmp_path / "kept")


@pytest.fixture
def fits(monkeypatch):
    """Counts the fits of this process."""
    made, fit = [], estimators.fit

    def counted(*given, **named):
        made.append(given[0])
        return fit(*given, **named)

    monkeypatch.setattr(estimators, "fit", counted)
    return made


def after(count):
    """Leaves a training when so many units are kept."""

    class Leaving(FolderCheckpoints):
        def keep(self, unit, content):
            super().keep(unit, content)
            if unit.endswith(f"-{count - 1}"):
                raise Stopped

    return Leaving


@pytest.mark.parametrize(("name", "units"), [("plain", 1), ("searched", 5), ("combinatorial", 3)])
def test_a_training_that_goes_on_fits_only_what_is_left_and_ends_the_same(kept, fits, name, units):
    whole = trained(name)
    of_all = len(fits)
    with pytest.raises(Stopped):
        trained(name, after(units)(kept.folder))
    made = len(fits) - of_all
    assert trained(name, kept) == whole
    assert len(fits) - of_all - made == of_all - made  # what was fitted then is not fitted again
    assert made >= units


def test_units_of_the_controls_are_not_those_of_the_model(kept, fits):
    whole = trained("plain")
    of_all = len(fits)
    with pytest.raises(Stopped):
        trained("plain", after(12)(kept.folder))
    assert trained("plain", kept) == whole
    assert len(fits) == 2 * of_all


def test_a_file_that_is_cut_in_the_middle_costs_its_unit_and_no_others(kept, fits):
    whole = trained("plain", kept)
    (cut,) = kept.folder.glob("units-*-10")
    os.truncate(cut, cut.stat().st_size // 2)
    for lost in (1, 0):  # kept anew, it is there the second time
        before = len(fits)
        assert trained("plain", kept) == whole
        assert len(fits) - before == lost + 1  # and the final model, which is no unit


def test_a_quick_training_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "KEEP_SECONDS", 1_000.0)
    kept = FolderCheckpoints(tmp_path / "kept")
    trained("searched", kept)
    assert not kept.folder.exists()


PROGRAM = """
import os, signal, sys
from pathlib import Path
from algotrade.checkpoints import FolderCheckpoints
from mlmodels.tests.test_training_resuming import resuming, trained
resuming.KEEP_SECONDS = 0.0
def progress(share, words):
    if share > 0.6:
        os.kill(os.getpid(), signal.SIGKILL)
trained("plain", FolderCheckpoints(Path(sys.argv[1])), progress)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_costs_one_fit(kept, fits):
    command = [sys.executable, "-c", PROGRAM, str(kept.folder)]
    ended = subprocess.run(command, cwd=BASE_DIR, check=False)
    assert ended.returncode == -signal.SIGKILL
    done = len(list(kept.folder.iterdir()))
    resumed = trained("plain", kept)
    made = len(fits)
    assert trained("plain") == resumed
    assert done >= 5
    assert made == len(fits) - made - done
