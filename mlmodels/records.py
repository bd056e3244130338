"""The parts of a stored model that need no learning library: its checksum, manifest and out-of-fold record."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from mlmodels.errors import ArtifactDamaged
from mlmodels.prediction import TrainingRecord

MANIFEST = "manifest.json"
RECORD = "record.npz"
CALIBRATOR = "calibrator.json"
CLASSIFIER = "classifier"
"""The classifier's name without its suffix, which depends on the algorithm."""

LARGEST_ARTIFACT = 512 * 1024**2
LARGEST_UNPACKED = 1024**3
PIECE = 1024**2


def verify(path: Path, sha256: str) -> None:
    """Raise ArtifactDamaged unless the file is exactly the one that was stored; reads a megabyte at a time."""
    with _stream(path) as stream:
        _verify(stream, sha256)


@contextmanager
def opened(path: Path, sha256: str) -> Iterator[zipfile.ZipFile]:
    """Open a stored model's archive after checking its checksum, and that it unpacks to what a model may be.

    What is read is what was checked, even if the file is replaced in between. Whatever goes wrong inside of the
    block is the file's fault, and leaves as ArtifactDamaged.
    """
    with _stream(path) as stream:
        _verify(stream, sha256)
        try:
            with zipfile.ZipFile(stream) as archive:
                _check_members(archive)
                yield archive
        except ArtifactDamaged:
            raise
        except zipfile.BadZipFile as error:
            raise ArtifactDamaged("The stored model's file is not an archive. Train it again.") from error
        except Exception as error:  # libraries that read a made-up file fail in ways of their own
            raise ArtifactDamaged(f"The stored model cannot be read ({error}). Train it again.") from error


def read_record(archive: zipfile.ZipFile) -> TrainingRecord:
    """Return the training bars' times and closes with the out-of-fold probabilities."""
    with np.load(io.BytesIO(archive.read(RECORD)), allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in ("time", "close", "probability", "fold")}
        # Format 1 knew walk-forward only.
        causal = bool(arrays["causal"]) if "causal" in arrays.files else True
    if {column.shape for column in columns.values()} != {(columns["time"].size,)}:
        raise ValueError("the columns of the record differ in length")
    return TrainingRecord(
        time=columns["time"].astype("datetime64[ns]"),
        close=columns["close"],
        probability=columns["probability"],
        fold=columns["fold"],
        causal=causal,
    )


def record_bytes(record: TrainingRecord) -> bytes:
    """Return the record as plain arrays; `read_record` reads them back."""
    arrays = io.BytesIO()
    np.savez(
        arrays,
        time=record.time.astype(np.int64),
        close=record.close,
        probability=record.probability,
        fold=record.fold,
        causal=np.bool_(record.causal),
    )
    return arrays.getvalue()


def load_record(path: Path, sha256: str) -> TrainingRecord:
    """The record alone, for showing predictions; the classifier stays closed."""
    with opened(path, sha256) as archive:
        return read_record(archive)


@contextmanager
def _stream(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = open(path, "rb", opener=_at_once)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise ArtifactDamaged("The stored model's file is missing. Train it again.") from error
    with stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ArtifactDamaged("What lies in the stored model's place is no file. Train it again.")
        yield stream


def _at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe that lies there would wait for somebody to write."""
    return os.open(path, flags | os.O_NONBLOCK)


def _verify(stream: BinaryIO, sha256: str) -> None:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > LARGEST_ARTIFACT:
            raise ArtifactDamaged("The stored model is larger than any this lab writes. Train it again.")
        digest.update(piece)
    if not sha256 or digest.hexdigest() != sha256:
        raise ArtifactDamaged(
            "The stored model's file was changed after it was written (its checksum differs), so it is not opened. "
            "Train it again."
        )
    stream.seek(0)


def _check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    for member in members:
        known = member.filename in (MANIFEST, RECORD, CALIBRATOR)
        stem, dot, suffix = member.filename.partition(".")
        if not known and not (stem == CLASSIFIER and dot and suffix.isalnum()):
            raise ArtifactDamaged(
                f"The stored model's file holds {member.filename[:60]!r}, which is no part of a model. Train it again."
            )
    if len({member.filename for member in members}) < len(members):
        raise ArtifactDamaged("The stored model's file holds a part twice. Train it again.")
    # zipfile never gives more of a part than it says it holds.
    if sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise ArtifactDamaged("The stored model unpacks to more than any this lab writes. Train it again.")
