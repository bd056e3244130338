"""Models on disk: they come back as they were, and what was altered is not opened."""

import io
import json
import subprocess
import zipfile
from hashlib import sha256

import numpy as np
import pytest

from mlmodels import artifacts, records
from mlmodels.errors import ArtifactDamaged
from mlmodels.tests.prices import autoregressive
from mlmodels.training import MLPredictor

QUICK = {"logistic_regression": {}, "random_forest": {"trees": 7}, "xgboost": {"trees": 7}}
SOME = ["log_return_1", "log_return_3", "rsi_14"]
BARS = autoregressive(700, 0.2, seed=8)


@pytest.fixture(scope="module", params=QUICK)
def trained(request):
    learner = MLPredictor(request.param, hyperparameters=QUICK[request.param], features=SOME, folds=2)
    learner.train(BARS.head(600))
    return learner


@pytest.fixture
def stored(trained, tmp_path):
    return artifacts.save(trained.trained, tmp_path / "models", "5")


def rewritten(path, name, change):
    """The archive with one member changed, and its new checksum."""
    with zipfile.ZipFile(path) as old:
        members = {member: old.read(member) for member in old.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as new:
        for member, content in members.items():
            new.writestr(member, content)
    return sha256(path.read_bytes()).hexdigest()


def test_a_stored_model_predicts_exactly_the_same(trained, stored):
    again = artifacts.load(*stored)
    np.testing.assert_array_equal(again.predict(BARS), trained.predict(BARS))
    assert np.isfinite(again.predict(BARS)[600:]).all()
    assert again.configuration == trained.configuration
    assert again.provenance["data_sha256"] == trained.trained.provenance["data_sha256"]


def test_nothing_in_the_file_is_a_pickle(stored):
    with zipfile.ZipFile(stored[0]) as archive:
        names = set(archive.namelist())
        assert names in (
            {"manifest.json", "record.npz", "classifier.ubj"},
            {"manifest.json", "record.npz", "classifier.skops"},
        )
        with np.load(io.BytesIO(archive.read("record.npz")), allow_pickle=False) as arrays:
            assert not any(arrays[name].dtype.hasobject for name in arrays.files)


def test_a_changed_byte_is_noticed_before_anything_is_read(stored, monkeypatch):
    path, checksum = stored
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *given: pytest.fail("the archive was opened"))
    with pytest.raises(ArtifactDamaged, match="checksum differs"):
        artifacts.load(path, checksum)


def test_a_missing_file_and_a_missing_checksum_are_refused(stored, tmp_path):
    with pytest.raises(ArtifactDamaged, match="missing"):
        artifacts.load(tmp_path / "gone.zip", stored[1])
    with pytest.raises(ArtifactDamaged):
        artifacts.load(stored[0], "")


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(ArtifactDamaged, match="not an archive"):
        artifacts.load(path, sha256(b"not a zip").hexdigest())


def test_a_feature_that_is_computed_differently_today_is_refused(stored):
    def older(content):
        manifest = json.loads(content)
        manifest["provenance"]["features"][0] = "log_return_1@0"
        return json.dumps(manifest).encode()

    checksum = rewritten(stored[0], "manifest.json", older)
    with pytest.raises(ArtifactDamaged, match="log_return_1@0 is computed differently today"):
        artifacts.load(stored[0], checksum)


def test_a_type_that_is_not_trusted_is_refused(tmp_path):
    import skops.io

    learner = MLPredictor(features=SOME, folds=2)
    learner.train(BARS)
    path, _checksum = artifacts.save(learner.trained, tmp_path, "1")
    hostile = skops.io.dumps(subprocess.CompletedProcess([], 0))
    checksum = rewritten(path, "classifier.skops", lambda content: hostile)
    with pytest.raises(ArtifactDamaged, match="CompletedProcess"):
        artifacts.load(path, checksum)


def test_another_kind_of_model_in_its_place_is_refused(tmp_path):
    import skops.io
    from sklearn.preprocessing import StandardScaler

    learner = MLPredictor(features=SOME, folds=2)
    learner.train(BARS)
    path, _checksum = artifacts.save(learner.trained, tmp_path, "1")
    checksum = rewritten(path, "classifier.skops", lambda content: skops.io.dumps(StandardScaler()))
    with pytest.raises(ArtifactDamaged, match="StandardScaler stands where"):
        artifacts.load(path, checksum)


def test_the_record_alone_can_be_read(trained, stored):
    record = records.load_record(*stored)
    np.testing.assert_array_equal(record.probability, trained.trained.record.probability)
    np.testing.assert_array_equal(record.time, BARS.time[:600])
