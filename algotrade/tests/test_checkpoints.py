"""Finished units of long work: whole or not there, and never a reason to fail."""

import errno
import os

import pytest

from algotrade import checkpoints
from algotrade.checkpoints import NOWHERE, FolderCheckpoints, fingerprint_of


@pytest.fixture
def kept(tmp_path):
    return FolderCheckpoints(tmp_path / "job" / "fingerprint")


def test_a_unit_comes_back_as_it_was_kept_also_in_another_process(kept):
    assert kept.load("fold-1") is None
    kept.keep("fold-1", b"\0\1weights")
    kept.keep("empty", b"")
    again = FolderCheckpoints(kept.folder)
    assert (again.load("fold-1"), again.load("empty"), again.load("fold-2")) == (b"\0\1weights", b"", None)


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 32 + b"weights"], ids=["empty", "short", "other"])
def test_a_damaged_unit_is_absent(kept, damage):
    kept.keep("unit", b"weights")
    (kept.folder / "unit").write_bytes(damage)
    assert kept.load("unit") is None
    kept.keep("unit", b"weights")
    assert kept.load("unit") == b"weights"


def test_a_full_disk_costs_the_resumption_and_one_line_in_the_log(kept, monkeypatch, caplog):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    kept.keep("before", b"weights")
    monkeypatch.setattr(checkpoints, "whole_file", full)
    kept.keep("unit", b"weights")
    kept.keep("next", b"weights")
    assert (kept.load("unit"), kept.load("before")) == (None, b"weights")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "No space left on device" in caplog.text


def test_a_writer_that_dies_leaves_no_half_unit(kept, monkeypatch):
    def dies(descriptor):
        raise SystemExit  # as near to a kill as one process can come: after the bytes, before the rename

    monkeypatch.setattr(os, "fsync", dies)
    with pytest.raises(SystemExit):
        kept.keep("unit", b"weights")
    assert kept.load("unit") is None


@pytest.mark.parametrize("unit", ["", "../secret", "a/b", ".draft-1", "x" * 101, "ünit"])
def test_a_unit_cannot_be_another_place(kept, unit):
    with pytest.raises(ValueError, match="names no unit"):
        kept.keep(unit, b"")
    with pytest.raises(ValueError, match="names no unit"):
        kept.load(unit)


def test_nowhere_keeps_nothing():
    NOWHERE.keep("unit", b"weights")
    assert NOWHERE.load("unit") is None


def test_a_fingerprint_names_the_content_whatever_the_order():
    assert fingerprint_of(a=1, b={"x": 1, "y": [2.5]}) == fingerprint_of(b={"y": [2.5], "x": 1}, a=1)
    assert fingerprint_of(a=1) != fingerprint_of(a=2)
    assert fingerprint_of(a=1) != fingerprint_of(b=1)
    with pytest.raises(TypeError, match="object"):
        fingerprint_of(a=object())
