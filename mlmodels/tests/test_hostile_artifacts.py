"""Files that were made to do harm: each is refused in words, and nothing in it runs."""

import io
import json
import os
import struct
import subprocess
import zipfile
from hashlib import sha256

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlmodels import artifacts, records
from mlmodels.algorithms import ALGORITHMS
from mlmodels.errors import ArtifactDamaged
from mlmodels.estimators import get_estimator
from mlmodels.tests.test_artifacts import FEATURES, UP, keep, made, written  # noqa: F401  keep is a fixture

every_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


def refused(stored, match):
    with pytest.raises(ArtifactDamaged, match=match) as caught:
        artifacts.load(*stored)
    assert "Train it again" in caught.value.detail


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_changed_byte_is_noticed_before_anything_is_read(tmp_path, monkeypatch):
    path, checksum = artifacts.save(made(), tmp_path, "1")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *given: pytest.fail("the archive was opened"))
    refused((path, checksum), "checksum differs")
    with pytest.raises(ArtifactDamaged, match="checksum differs"):
        records.verify(path, checksum)


def test_a_missing_file_and_a_missing_checksum_are_refused(tmp_path):
    path, checksum = artifacts.save(made(), tmp_path, "1")
    refused((tmp_path / "gone.zip", checksum), "missing")
    refused((path, ""), "checksum")
    records.verify(path, checksum)


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "folder.zip").mkdir()
    for name in ("pipe.zip", "folder.zip"):
        refused((tmp_path / name, "0" * 64), "is no file|missing")
        with pytest.raises(ArtifactDamaged):
            records.verify(tmp_path / name, "0" * 64)


def test_a_file_that_is_no_archive_or_only_half_of_one_is_refused(tmp_path):
    path, _checksum = artifacts.save(made(), tmp_path, "1")
    for content in (b"not a zip", path.read_bytes()[:-200], b""):
        path.write_bytes(content)
        refused((path, sha256(content).hexdigest()), "not an archive")


@every_algorithm
def test_a_classifier_that_was_cut_short_is_refused(keep, algorithm):  # noqa: F811
    for share in (0.0, 0.3, 0.9):
        stored = keep(made(algorithm), classifier=lambda content: content[: int(len(content) * share)])  # noqa: B023
        refused(stored, "cannot be read")


@every_algorithm
def test_the_classifier_of_another_algorithm_is_refused(keep, algorithm):  # noqa: F811
    for other in ALGORITHMS:
        if other != algorithm:
            foreign = made(other).classifier.estimator.to_bytes()
            refused(keep(made(algorithm), classifier=lambda content: foreign), "cannot be read")  # noqa: B023


def test_a_booster_for_another_question_is_refused(keep):  # noqa: F811
    import xgboost

    foreign = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(FEATURES, label=UP), 2)
    content = bytes(foreign.save_raw(raw_format="ubj"))
    refused(keep(made("xgboost"), classifier=lambda _: content), "trained for reg:squarederror")


@pytest.mark.parametrize(
    ("foreign", "match"),
    [
        (subprocess.CompletedProcess([], 0), "CompletedProcess, which no Pipeline needs"),
        (StandardScaler(), "a StandardScaler stands where a Pipeline should be"),
        (Pipeline([("run", FunctionTransformer(np.log))]), "which no Pipeline needs"),
        (
            Pipeline([("a", StandardScaler()), ("b", StandardScaler())]),
            "not a scaler and a logistic regression",
        ),
        (Pipeline([("a", StandardScaler()), ("b", LogisticRegression())]), "cannot be read"),
    ],
    ids=["foreign class", "another class", "function", "other steps", "not fitted"],
)
def test_an_object_that_no_logistic_regression_needs_is_refused(keep, foreign, match):  # noqa: F811
    content = skops.io.dumps(foreign)
    refused(keep(made(), classifier=lambda _: content), match)


def test_a_type_that_is_not_needed_is_refused_before_it_is_imported(keep, monkeypatch):  # noqa: F811
    """skops would trust it by itself, and would import its module to look at it."""
    model = made()
    inner = members_of(io.BytesIO(model.classifier.estimator.to_bytes()))
    schema = json.loads(inner["schema.json"])
    schema["content"]["content"]["extra"] = {
        "__class__": "Popen",
        "__module__": "no_such_module",
        "__loader__": "ObjectNode",
        "content": None,
        "__id__": 1,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as new:
        for name, content in {**inner, "schema.json": json.dumps(schema).encode()}.items():
            new.writestr(name, content)
    monkeypatch.setattr(skops.io, "loads", lambda *given, **named: pytest.fail("skops was asked"))
    refused(keep(model, classifier=lambda _: buffer.getvalue()), "no_such_module.Popen")


@pytest.mark.parametrize("where", ["left", "feature_idx", "circle"])
def test_a_tree_whose_nodes_lead_astray_is_refused(keep, where):  # noqa: F811
    model = made("histogram_boosting")
    booster = model.classifier.estimator.model
    assert isinstance(booster, HistGradientBoostingClassifier)
    nodes = booster._predictors[0][0].nodes
    column = "left" if where == "circle" else where
    nodes[column][0] = 0 if where == "circle" else 1_000_000
    content = model.classifier.estimator.to_bytes()
    refused(keep(model, classifier=lambda _: content), "a node of a tree")


def test_a_forest_whose_nodes_lead_astray_is_refused(keep):  # noqa: F811
    model = made("random_forest")
    tree = model.classifier.estimator.model.estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"]["right_child"][0] = 999_999
    tree.__setstate__(state)
    content = model.classifier.estimator.to_bytes()
    refused(keep(model, classifier=lambda _: content), "a node of a tree leads nowhere")


@pytest.mark.parametrize(
    "name", ["../../evil.py", "/etc/passwd", "classifier.skops/../x", "classifier.", "readme.txt"]
)
def test_a_part_that_no_model_has_is_refused_whatever_its_name(tmp_path, name):
    path, _checksum = artifacts.save(made(), tmp_path, "1")
    refused(written(path, {**members_of(path), name: b"x"}), "which is no part of a model")


def test_a_part_that_stands_twice_is_refused(tmp_path):
    path, _checksum = artifacts.save(made(), tmp_path, "1")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("manifest.json", b"{}")
    refused((path, sha256(path.read_bytes()).hexdigest()), "holds a part twice")


def test_a_bomb_is_refused_before_it_unpacks(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LARGEST_UNPACKED", 5_000_000)
    path, _checksum = artifacts.save(made(), tmp_path, "1")
    stored = written(path, {**members_of(path), "record.npz": b"\0" * 6_000_000})
    assert path.stat().st_size < 50_000
    refused(stored, "unpacks to more than any")
    with pytest.raises(ArtifactDamaged, match="unpacks to more than any"):
        records.load_record(*stored)


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path):
    path, _checksum = artifacts.save(made(), tmp_path, "1")
    written(path, {**members_of(path), "record.npz": b"\0" * 6_000_000})
    content = path.read_bytes().replace(struct.pack("<L", 6_000_000), struct.pack("<L", 1_000))
    path.write_bytes(content)
    refused((path, sha256(content).hexdigest()), "not an archive")


def test_a_bomb_within_the_classifier_is_refused(keep, monkeypatch):  # noqa: F811
    from mlmodels.estimators import skops_files

    monkeypatch.setattr(skops_files, "LARGEST_UNPACKED", 5_000_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("schema.json", b" " * 6_000_000)
    refused(keep(made(), classifier=lambda _: buffer.getvalue()), "unpacks to more than any model needs")


def test_a_record_of_a_size_that_no_machine_has_is_refused(keep):  # noqa: F811
    def endless(_):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
        )
        return zipped(dict.fromkeys(("time", "close", "probability", "fold"), header.getvalue()))

    refused(keep(made(), record=endless), "cannot be read")


def test_a_record_with_objects_or_columns_of_different_length_is_refused(keep):  # noqa: F811
    def objects(_):
        buffer = io.BytesIO()
        np.savez(buffer, time=np.array([{}], dtype=object), close=[1.0], probability=[1.0], fold=[1])
        return buffer.getvalue()

    def uneven(_):
        buffer = io.BytesIO()
        np.savez(buffer, time=[1, 2], close=[1.0], probability=[1.0], fold=[1])
        return buffer.getvalue()

    refused(keep(made(), record=objects), "Object arrays cannot be loaded")
    refused(keep(made(), record=uneven), "differ in length")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format": 2}',
        b"[" * 100_000,
        b'{"format": 2, "configuration": {"algorithm": "echo"}}',
    ],
    ids=["empty", "list", "nothing", "format only", "deep", "unknown algorithm"],
)
def test_a_manifest_that_is_none_is_refused(keep, manifest):  # noqa: F811
    refused(keep(made(), manifest=lambda _: manifest), "cannot be read|format")


def test_a_curve_that_turns_the_ranking_round_is_refused(keep):  # noqa: F811
    curve = json.dumps({"kind": "sigmoid", "slope": -1.0, "intercept": 0.0}).encode()
    refused(keep(made(calibration="sigmoid"), calibrator=lambda _: curve), "no rising sigmoid")


@every_algorithm
def test_bytes_by_chance_never_do_more_than_fail(algorithm):
    rng = np.random.default_rng(4)
    content = made(algorithm).classifier.estimator.to_bytes()
    kind = get_estimator(algorithm)
    for _ in range(5):
        damaged = bytearray(content)
        damaged[: len(damaged) // 2] = rng.bytes(len(damaged) // 2)
        with pytest.raises((ValueError, TypeError, KeyError)):
            kind.from_bytes(bytes(damaged))


def zipped(arrays):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()
