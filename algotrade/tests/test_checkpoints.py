"""Finished units of long work: whole or not there, and never a reason to fail."""

import errno
import os

import pytest

from algotrade import checkpoints
from algotrade.checkpoints import NOWHERE, Bundles, FolderCheckpoints, fingerprint_of


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
    NOWHERE.keep("unit-0", b"weights")
    assert NOWHERE.load("unit-0") is None
    assert NOWHERE.numbers("unit") == []


def test_the_numbers_of_units_are_in_order_and_hold_damaged_ones_and_no_other_files(kept):
    assert kept.numbers("fold") == []
    for name in ("fold-10", "fold-9", "fold-x", "folds-3", "fold-of-1-4", "fold"):
        kept.keep(name, b"weights")
    (kept.folder / "fold-9").write_bytes(b"damaged")
    (kept.folder / ".draft-5").write_bytes(b"half")
    assert kept.numbers("fold") == [9, 10]
    assert kept.numbers("fold-of-1") == [4]


def bundled(kept, units, name="fold"):
    """Two units to a file, whatever the clock says."""
    bundles = Bundles(kept, name, 1_000.0)
    for number, unit in enumerate(units):
        bundles._seconds = 0.0 if number % 2 else 1_000.0
        bundles.add(unit)


def test_units_come_back_in_the_order_of_their_end_and_a_cut_file_costs_only_its_own(kept):
    bundled(kept, [b"0", b"", b"2" * 999, b"3", b"4", b"5", b"not yet written"])
    bundled(kept, [b"6", b"7"])
    bundled(kept, [b"of another", b"name"], name="other")
    assert list(Bundles(kept, "fold", 0.0).recall()) == [b"0", b"", b"2" * 999, b"3", b"4", b"5", b"6", b"7"]
    os.truncate(kept.folder / "fold-1", 500)
    again = Bundles(kept, "fold", 0.0)
    assert list(again.recall()) == [b"0", b"", b"4", b"5", b"6", b"7"]
    again.add(b"8")
    assert kept.numbers("fold") == [0, 1, 2, 3, 4]


def test_a_fingerprint_names_the_content_whatever_the_order():
    assert fingerprint_of(a=1, b={"x": 1, "y": [2.5]}) == fingerprint_of(b={"y": [2.5], "x": 1}, a=1)
    assert fingerprint_of(a=1) != fingerprint_of(a=2)
    assert fingerprint_of(a=1) != fingerprint_of(b=1)
    with pytest.raises(TypeError, match="object"):
        fingerprint_of(a=object())
