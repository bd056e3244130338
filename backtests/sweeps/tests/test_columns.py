"""The file of columns: whole or not there, verified, the same bytes for the same numbers."""

import os
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from backtests.sweeps import columns
from backtests.sweeps.errors import ColumnsDamaged
from marketdata.errors import StorageFailed

SOME = {
    "axis:0": np.array([0, 1, 2], dtype=np.uint8),
    "sharpe_ratio": np.array([0.1, np.nan, -1e300]),
    "total_trades": np.array([3, -1, 2**31 - 1], dtype=np.int32),
}


def test_what_was_written_is_read_back_in_its_types():
    path, sha256 = columns.write(7, SOME)
    assert path == f"sweeps/7/{sha256}.columns"
    back = columns.read(path, sha256)
    assert list(back) == list(SOME)
    for name, column in SOME.items():
        assert back[name].dtype == column.dtype
        assert back[name].tobytes() == column.tobytes()
        assert not back[name].flags.writeable


def test_equal_numbers_make_equal_bytes_whatever_kind_of_nan_they_hold():
    other = np.array([0.1, 0.0, -1e300])
    other.view(np.uint64)[1] = 0xFFF8000000000001
    assert columns.write(1, SOME)[1] == columns.write(2, {**SOME, "sharpe_ratio": other})[1]


def test_a_changed_byte_is_noticed():
    path, sha256 = columns.write(7, SOME)
    columns.read(path, sha256)
    place = Path(settings.MEDIA_ROOT) / path
    place.chmod(0o600)
    content = bytearray(place.read_bytes())
    content[-70] ^= 1
    place.write_bytes(content)
    with pytest.raises(ColumnsDamaged, match="Run the sweep again"):
        columns.read(path, sha256)


@pytest.mark.parametrize("content", [b"", b"LABCOLS1", b"something else entirely, and longer than a head"])
def test_a_file_of_something_else_is_refused(content):
    path, sha256 = columns.write(7, SOME)
    place = Path(settings.MEDIA_ROOT) / path
    place.unlink()
    place.write_bytes(content)
    with pytest.raises(ColumnsDamaged):
        columns.read(path, sha256)


def test_a_missing_file_is_told():
    path, sha256 = columns.write(7, SOME)
    columns.remove(7)
    with pytest.raises(ColumnsDamaged, match="missing"):
        columns.read(path, sha256)
    columns.remove(7)


def test_a_full_disk_leaves_no_draft(monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed):
        columns.write(7, SOME)
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_columns_of_different_lengths_are_a_mistake():
    with pytest.raises(ValueError, match="one length"):
        columns.write(7, {**SOME, "valid": np.zeros(2, dtype=np.uint8)})
