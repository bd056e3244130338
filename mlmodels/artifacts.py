"""Trained models on disk, without pickle.

One zip file: a manifest (JSON), the classifier (XGBoost's UBJ, or skops with an explicit list of trusted types) and
the out-of-fold record (plain arrays). Its sha256 is kept elsewhere and checked before anything in it is read.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from algotrade.files import whole_file
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ArtifactDamaged, TrainingError
from mlmodels.estimators import CLASSIFIERS, BoostedClassifier, Classifier
from mlmodels.features import get_feature
from mlmodels.prediction import TrainedModel
from mlmodels.records import MANIFEST, RECORD, checked_bytes, open_archive, read_record

FORMAT = 1
# Beyond what skops trusts by itself (scikit-learn's estimators, numpy's arrays): the compiled tree of a forest.
TRUSTED_TYPES = ("sklearn.tree._tree.Tree",)
EXPECTED_TYPES: dict[str, type] = {"logistic_regression": Pipeline, "random_forest": RandomForestClassifier}
EPOCH = (1980, 1, 1, 0, 0, 0)


def save(model: TrainedModel, directory: Path, stem: str) -> tuple[Path, str]:
    """Write the model into `directory`, atomically, and return its path and sha256.

    The file's name carries its checksum, so a second attempt at the same training never overwrites the first.
    """
    content = _packed(model)
    sha256 = hashlib.sha256(content).hexdigest()
    path = directory / f"{stem}-{sha256[:16]}.model.zip"
    with whole_file(path, mode=0o600) as stream:
        stream.write(content)
    return path, sha256


def load(path: Path, sha256: str) -> TrainedModel:
    """Read a model back after checking its checksum; raises ArtifactDamaged saying what is wrong."""
    with open_archive(checked_bytes(path, sha256)) as archive:
        try:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise ArtifactDamaged(
                    f"The model has format {manifest['format']}; this version reads {FORMAT}."
                )
            configuration = TrainingConfiguration.from_dict(manifest["configuration"])
            _check_features(manifest["provenance"]["features"], configuration)
            classifier = _unpacked(configuration.algorithm, archive.read(_member(configuration.algorithm)))
            return TrainedModel(configuration, classifier, read_record(archive), manifest["provenance"])
        except (KeyError, ValueError, TypeError, TrainingError) as error:
            raise ArtifactDamaged(f"The stored model cannot be read ({error}). Train it again.") from error


def _packed(model: TrainedModel) -> bytes:
    manifest = {
        "format": FORMAT,
        "configuration": model.configuration.to_dict(),
        "provenance": dict(model.provenance),
    }
    arrays = io.BytesIO()
    record = model.record
    np.savez(
        arrays,
        time=record.time.astype(np.int64),
        close=record.close,
        probability=record.probability,
        fold=record.fold,
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            (MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode()),
            (_member(model.configuration.algorithm), _classifier_bytes(model.classifier)),
            (RECORD, arrays.getvalue()),
        ):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _member(algorithm: str) -> str:
    return "classifier.ubj" if algorithm == BoostedClassifier.algorithm else "classifier.skops"


def _classifier_bytes(classifier: Classifier) -> bytes:
    if isinstance(classifier, BoostedClassifier):
        return bytes(classifier.model.save_raw(raw_format="ubj"))
    content: bytes = skops.io.dumps(classifier.model)
    return content


def _unpacked(algorithm: str, content: bytes) -> Classifier:
    if algorithm == BoostedClassifier.algorithm:
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(content))
        return BoostedClassifier(booster)
    model: Any = skops.io.loads(content, trusted=list(TRUSTED_TYPES))
    if not isinstance(model, EXPECTED_TYPES[algorithm]):
        raise TypeError(f"a {type(model).__name__} stands where a {algorithm} should be")
    return CLASSIFIERS[algorithm](model)


def _check_features(stored: list[str], configuration: TrainingConfiguration) -> None:
    now = [get_feature(name).schema for name in configuration.features]
    for was, current in zip(stored, now, strict=True):
        if was != current:
            raise ArtifactDamaged(
                f"The feature {was} is computed differently today ({current}), so the model would see other "
                "values than it learned from. Train it again."
            )
