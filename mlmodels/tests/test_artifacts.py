"""Models on disk: they come back as they were, those of the version before too, and what was altered is not opened."""

import io
import json
import zipfile
from hashlib import sha256
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from mlmodels import artifacts, records
from mlmodels.algorithms import ALGORITHMS, get_algorithm
from mlmodels.algorithms.methods import CALIBRATIONS
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ArtifactDamaged, TrainingError
from mlmodels.estimators import fit
from mlmodels.features import get_feature
from mlmodels.prediction import TrainedModel, TrainingRecord
from mlmodels.tests.prices import autoregressive
from mlmodels.tests.rows import calibration_rows, known

QUICK = {
    "logistic_regression": {},
    "random_forest": {"trees": 7},
    "xgboost": {"trees": 7},
    "histogram_boosting": {"trees": 7, "feature_share": 0.5},
}
SOME = ("log_return(1)", "log_return(3)", "rsi(14)")
BARS = autoregressive(700, 0.2, seed=8)
FEATURES, UP = known(800, columns=len(SOME))
OLD = Path(__file__).parent / "data" / "format_1"


def made(algorithm="logistic_regression", calibration="none", causal=True):
    """A model of known rows, with a record of its own: what a training ends with."""
    configuration = TrainingConfiguration(
        algorithm=algorithm, hyperparameters=QUICK[algorithm], features=SOME, folds=2, seed=3
    )
    rows = calibration_rows(columns=len(SOME)) if calibration != "none" else None
    classifier = fit(
        algorithm,
        FEATURES,
        UP,
        configuration.hyperparameters,
        seed=3,
        calibration=calibration,
        calibration_rows=rows,
    )
    part = BARS.head(600)
    probability = np.where(np.arange(600) < 200, np.nan, 0.5 + 0.001 * np.arange(600) % 0.3)
    record = TrainingRecord(part.time, part.close, probability, np.arange(600) // 200, causal=causal)
    provenance = {
        "features": [get_feature(name).schema for name in SOME],
        "data_sha256": "abc",
        "versions": {},
    }
    return TrainedModel(configuration, classifier, record, provenance)


@pytest.fixture(
    scope="module", params=list(product(ALGORITHMS, CALIBRATIONS)), ids=lambda given: "-".join(given)
)
def trained(request):
    return made(*request.param)


@pytest.fixture
def stored(trained, tmp_path):
    return artifacts.save(trained, tmp_path / "models", "5")


@pytest.fixture
def keep(tmp_path):
    """Store a model and change members of its archive by functions of their bytes; returns path and new checksum."""

    def make(model, **changes):
        path, _checksum = artifacts.save(model, tmp_path, "1")
        with zipfile.ZipFile(path) as old:
            members = {member: old.read(member) for member in old.namelist()}
        names = {name.partition(".")[0]: name for name in members}
        for stem, change in changes.items():
            members[names[stem]] = change(members[names[stem]])
        return written(path, members)

    return make


def written(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member, content in members.items():
            new.writestr(member, content)
    return path, sha256(path.read_bytes()).hexdigest()


def test_a_stored_model_predicts_exactly_the_same(trained, stored):
    again = artifacts.load(*stored)
    np.testing.assert_array_equal(
        again.classifier.probability_up(FEATURES), trained.classifier.probability_up(FEATURES)
    )
    np.testing.assert_array_equal(again.predict(BARS), trained.predict(BARS))
    assert np.isfinite(again.predict(BARS)[600:]).all()
    assert again.configuration == trained.configuration
    assert again.provenance == trained.provenance
    np.testing.assert_array_equal(
        again.classifier.impurity_importance(), trained.classifier.impurity_importance()
    )


def test_storing_what_was_read_gives_the_same_file(trained, stored, tmp_path):
    again = artifacts.save(artifacts.load(*stored), tmp_path / "again", "5")
    if (
        trained.classifier.algorithm == "xgboost"
    ):  # a file of skops names its parts by where they lay in memory
        assert again[1] == stored[1]
    assert artifacts.load(*again).configuration == trained.configuration


def test_nothing_in_the_file_is_a_pickle(trained, stored):
    with zipfile.ZipFile(stored[0]) as archive:
        suffix = trained.classifier.estimator.suffix
        curve = {"calibrator.json"} if trained.classifier.calibrator else set()
        assert set(archive.namelist()) == {"manifest.json", "record.npz", f"classifier.{suffix}"} | curve
        with np.load(io.BytesIO(archive.read("record.npz")), allow_pickle=False) as arrays:
            assert not any(arrays[name].dtype.hasobject for name in arrays.files)
        if suffix == "skops":
            inner = zipfile.ZipFile(io.BytesIO(archive.read("classifier.skops")))
            assert {Path(name).suffix for name in inner.namelist()} <= {".json", ".npy"}


@pytest.mark.parametrize("causal", [True, False])
def test_the_record_alone_can_be_read(causal, tmp_path):
    model = made(causal=causal)
    record = records.load_record(*artifacts.save(model, tmp_path, "1"))
    np.testing.assert_array_equal(record.probability, model.record.probability)
    np.testing.assert_array_equal(record.time, BARS.time[:600])
    np.testing.assert_array_equal(record.fold, model.record.fold)
    assert record.causal is causal


@pytest.mark.parametrize("algorithm", ["logistic_regression", "random_forest", "xgboost"])
def test_a_model_of_the_version_before_opens_and_says_what_it_said(algorithm):
    expected = json.loads((OLD / "expected.json").read_text())[algorithm]
    model = artifacts.load(OLD / expected["file"], expected["sha256"])
    said = model.predict(autoregressive(440, 0.3, seed=8))
    np.testing.assert_allclose(said, np.array(expected["probability"], dtype=np.float64), rtol=1e-12)
    assert model.record.causal is True
    assert model.classifier.calibrator is None
    assert model.configuration.features == ("log_return(1)", "rsi(14)", "macd_histogram(12, 26, 9)")


def test_a_format_of_a_later_version_is_refused(keep):
    def later(content):
        return json.dumps({**json.loads(content), "format": artifacts.FORMAT + 1}).encode()

    with pytest.raises(ArtifactDamaged, match=r"format 3; this version reads up to 2"):
        artifacts.load(*keep(made(), manifest=later))


def test_a_feature_that_is_computed_differently_today_is_refused(keep):
    def older(content):
        manifest = json.loads(content)
        manifest["provenance"]["features"][0] = "log_return_1@0"
        return json.dumps(manifest).encode()

    with pytest.raises(ArtifactDamaged, match="log_return_1@0 is computed differently today"):
        artifacts.load(*keep(made(), manifest=older))


def test_what_would_not_be_read_is_not_written(monkeypatch, tmp_path):
    monkeypatch.setattr(artifacts, "LARGEST_ARTIFACT", 1000)
    with pytest.raises(TrainingError, match="Take fewer or shallower trees") as caught:
        artifacts.save(made(), tmp_path / "models", "1")
    assert "hyperparameters" in caught.value.fields
    assert not list(tmp_path.glob("models/*"))


def test_a_forest_that_outgrows_the_store_is_stopped_while_it_grows(monkeypatch):
    from mlmodels.estimators import random_forest

    monkeypatch.setattr(random_forest, "LARGEST_FOREST", 500)
    values = get_algorithm("random_forest").clean({"trees": 50, "min_leaf": 1, "max_depth": 30})
    with pytest.raises(TrainingError, match="After 5 of 50 trees"):
        fit("random_forest", FEATURES, UP, values, seed=1)
