"""Trained models on disk, without pickle.

One zip file: a manifest (JSON), the classifier (XGBoost's UBJ, or skops with an explicit list of trusted types), its
calibration curve (JSON, if there is one) and the out-of-fold record (plain arrays). Its sha256 is kept elsewhere and
checked before anything in it is read.

Format 2 added the curve and whether the record is causal; files of format 1 are read as before.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from algotrade.files import whole_file
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ArtifactDamaged, TrainingError
from mlmodels.estimators import Classifier, get_estimator
from mlmodels.estimators.calibration import calibrator_from_dict
from mlmodels.features import canonical_schema, get_feature
from mlmodels.prediction import TrainedModel
from mlmodels.records import (
    CALIBRATOR,
    CLASSIFIER,
    LARGEST_ARTIFACT,
    LARGEST_UNPACKED,
    MANIFEST,
    RECORD,
    opened,
    read_record,
    record_bytes,
)

FORMAT = 2
READABLE = (1, 2)
EPOCH = (1980, 1, 1, 0, 0, 0)


def save(model: TrainedModel, directory: Path, stem: str) -> tuple[Path, str]:
    """Write the model into `directory`, atomically, and return its path and sha256.

    The file's name carries its checksum, so a second attempt at the same training never overwrites the first.
    TrainingError when the model is larger than `load` would read.
    """
    content = _packed(model)
    sha256 = hashlib.sha256(content).hexdigest()
    path = directory / f"{stem}-{sha256[:16]}.model.zip"
    with whole_file(path, mode=0o600) as stream:
        stream.write(content)
    return path, sha256


def load(path: Path, sha256: str) -> TrainedModel:
    """Read a model back after checking its checksum; raises ArtifactDamaged saying what is wrong."""
    with opened(path, sha256) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        if manifest["format"] not in READABLE:
            raise ArtifactDamaged(
                f"The model has format {manifest['format']}; this version reads up to {FORMAT}. Train it again."
            )
        configuration = TrainingConfiguration.from_dict(manifest["configuration"])
        _check_features(manifest["provenance"]["features"], configuration)
        classifier = _classifier(archive, configuration.algorithm)
        return TrainedModel(configuration, classifier, read_record(archive), manifest["provenance"])


def _packed(model: TrainedModel) -> bytes:
    manifest = {
        "format": FORMAT,
        "configuration": model.configuration.to_dict(),
        "provenance": dict(model.provenance),
    }
    classifier = model.classifier
    parts = {
        MANIFEST: json.dumps(manifest, indent=1, sort_keys=True).encode(),
        f"{CLASSIFIER}.{classifier.estimator.suffix}": classifier.estimator.to_bytes(),
        RECORD: record_bytes(model.record),
    }
    if classifier.calibrator is not None:
        parts[CALIBRATOR] = json.dumps(classifier.calibrator.to_dict()).encode()
    content = _zipped(parts)
    if len(content) > LARGEST_ARTIFACT or sum(map(len, parts.values())) > LARGEST_UNPACKED:
        message = (
            f"The trained model has {len(content) / 1024**2:,.0f} MB, and {LARGEST_ARTIFACT // 1024**2:,} are the most "
            "that is stored. Take fewer or shallower trees."
        )
        raise TrainingError(message, fields={"hyperparameters": [message]})
    return content


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _classifier(archive: zipfile.ZipFile, algorithm: str) -> Classifier:
    kind = get_estimator(algorithm)
    estimator = kind.from_bytes(archive.read(f"{CLASSIFIER}.{kind.suffix}"))
    if CALIBRATOR not in archive.namelist():
        return Classifier(estimator)
    return Classifier(estimator, calibrator_from_dict(json.loads(archive.read(CALIBRATOR))))


def _check_features(stored: list[str], configuration: TrainingConfiguration) -> None:
    now = [get_feature(name).schema for name in configuration.features]
    for was, current in zip(stored, now, strict=True):
        if canonical_schema(was) != current:
            raise ArtifactDamaged(
                f"The feature {was} is computed differently today ({current}), so the model would see other "
                "values than it learned from. Train it again."
            )
