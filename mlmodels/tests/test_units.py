"""What is kept of one training is never taken for another's."""

import json
from dataclasses import replace

import numpy as np
import pytest

from algotrade.checkpoints import FolderCheckpoints
from mlmodels.labels import fixed_horizon
from mlmodels.tests.prices import autoregressive
from mlmodels.training import MLPredictor, resuming
from mlmodels.training.resuming import Units

BARS = autoregressive(500, 0.2, seed=3)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "KEEP_SECONDS", 0.0)
    return FolderCheckpoints(tmp_path)


def test_units_of_another_training_are_not_recalled(kept):
    Units.of(kept, "one").add("fold-1", probability=np.array([0.5]))
    assert Units.of(kept, "other").recall("fold-1") is None
    Units.of(kept, "other").add("fold-1", probability=np.array([0.7]))
    found = Units.of(kept, "other").recall("fold-1")
    assert found is not None
    assert found["probability"].tolist() == [0.7]
    assert Units.of(kept, "one").recall("fold-1")["probability"].tolist() == [0.5]


OTHERS = {
    "prices": lambda train: train(autoregressive(500, 0.2, seed=4)),
    "volumes": lambda train: train(replace(BARS, volume=BARS.volume + 1.0)),
    "settings": lambda train: train(BARS, seed=2),
    "outcomes": lambda train: train(BARS, labels=fixed_horizon(BARS, 2)),
}


@pytest.mark.parametrize("others", OTHERS)
def test_a_folder_of_another_training_changes_nothing(kept, others):
    def trained(bars, *, checkpoints, labels=None, seed=1):
        predictor = MLPredictor(
            "logistic_regression", horizon=1, features=["log_return(1)", "rsi(14)"], folds=2, seed=seed
        )
        report = predictor.train(bars, labels=labels, checkpoints=checkpoints, audit=False)
        return json.dumps(report.to_dict(), sort_keys=True), report.record.probability.tobytes()

    trained(BARS, checkpoints=kept)
    again = OTHERS[others](lambda *given, **named: trained(*given, **named, checkpoints=kept))
    fresh = FolderCheckpoints(kept.folder / "fresh")
    assert again == OTHERS[others](lambda *given, **named: trained(*given, **named, checkpoints=fresh))
