"""A file is written beside its place and renamed."""

import os
import stat

import pytest

from algotrade.files import discard_drafts, whole_file


def test_the_file_appears_with_its_bytes_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "numbers.npy"
    with whole_file(target) as stream:
        stream.write(b"all of it")
        assert not target.exists()
    assert target.read_bytes() == b"all of it"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_file_can_be_its_owners_alone(tmp_path):
    with whole_file(tmp_path / "model.zip", mode=0o600) as stream:
        stream.write(b"secret")
    assert stat.S_IMODE((tmp_path / "model.zip").stat().st_mode) == 0o600


def test_an_error_in_the_block_leaves_what_was_there_and_no_draft(tmp_path):
    target = tmp_path / "numbers" / "some.npy"
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(TypeError), whole_file(target) as stream:
        stream.writelines([b"half of", None])
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"old"]


def test_a_full_disk_leaves_no_draft(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "numbers" / "some.npy"
    with pytest.raises(OSError, match="space"), whole_file(target) as stream:
        stream.write(b"too much")
    assert list(target.parent.iterdir()) == []


def test_drafts_of_killed_writers_go_and_those_of_living_ones_stay(tmp_path):
    folder = tmp_path / "sweeps" / "7"
    folder.mkdir(parents=True)
    old, new, whole = folder / ".draft-old.columns", folder / ".draft-new.columns", folder / "a.columns"
    for path in (old, new, whole):
        path.write_bytes(b"x")
        os.utime(path, (0, 0) if path is not new else None)
    assert discard_drafts(tmp_path, older_than_seconds=60) == 1
    assert (old.exists(), new.exists(), whole.exists()) == (False, True, True)
    assert discard_drafts(tmp_path / "absent", older_than_seconds=60) == 0
