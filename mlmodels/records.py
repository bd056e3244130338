"""The parts of a stored model that need no learning library: its checksum, manifest and out-of-fold record."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np

from mlmodels.errors import ArtifactDamaged
from mlmodels.prediction import TrainingRecord

MANIFEST = "manifest.json"
RECORD = "record.npz"
LARGEST_ARTIFACT = 512 * 1024 * 1024


def checked_bytes(path: Path, sha256: str) -> bytes:
    """Return the file's bytes if they are exactly those that were stored."""
    try:
        if path.stat().st_size > LARGEST_ARTIFACT:
            raise ArtifactDamaged("The stored model is larger than any this lab writes. Train it again.")
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactDamaged("The stored model's file is missing. Train it again.") from error
    if not sha256 or hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactDamaged(
            "The stored model's file was changed after it was written (its checksum differs), so it is not opened. "
            "Train it again."
        )
    return content


def open_archive(content: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise ArtifactDamaged("The stored model's file is not an archive. Train it again.") from error


def read_record(archive: zipfile.ZipFile) -> TrainingRecord:
    """Return the training bars' times and closes with the out-of-fold probabilities."""
    with np.load(io.BytesIO(archive.read(RECORD)), allow_pickle=False) as arrays:
        return TrainingRecord(
            time=arrays["time"].astype("datetime64[ns]"),
            close=arrays["close"],
            probability=arrays["probability"],
            fold=arrays["fold"],
        )


def load_record(path: Path, sha256: str) -> TrainingRecord:
    """The record alone, for showing predictions; the classifier stays closed."""
    with open_archive(checked_bytes(path, sha256)) as archive:
        try:
            return read_record(archive)
        except (KeyError, ValueError) as error:
            raise ArtifactDamaged(f"The stored model cannot be read ({error}). Train it again.") from error
