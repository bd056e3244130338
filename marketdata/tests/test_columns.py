"""Columns in files: written in order, read back in pieces, and gone at the end."""

import errno

import numpy as np
import pytest

from marketdata.columns import BLOCK, NAMES, BarsColumns, ColumnFiles, blocks
from marketdata.errors import StorageFailed
from marketdata.tests.bars import make_bars


def rows(first, after):
    values = np.arange(first, after, dtype=np.float64)
    return {"time": values.astype(np.int64)} | {name: values + place for place, name in enumerate(NAMES[1:])}


def test_what_was_appended_in_parts_is_read_as_one(tmp_path):
    with ColumnFiles(tmp_path) as columns:
        columns.append(**rows(0, 5))
        columns.append(**rows(5, 5))
        columns.append(**rows(5, 9))
        assert len(columns) == 9
        assert columns.read("time").tolist() == list(range(9))
        assert columns.read("close", 3, 6).tolist() == [6.0, 7.0, 8.0]
        assert columns.read("close", 9, 20).tolist() == []


def test_the_files_go_with_the_block_and_with_an_error(tmp_path):
    def fail():
        with ColumnFiles(tmp_path) as columns:
            columns.append(**rows(0, 3))
            assert columns.path("time").stat().st_size == 24
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.glob("columns-*")) == []


def test_rows_are_put_in_another_order_and_thinned_out(tmp_path):
    count = 2 * BLOCK + 7
    with ColumnFiles(tmp_path, further={"line": "<i8"}) as columns:
        columns.append(**rows(0, count), line=np.arange(count))
        columns.reorder(np.arange(count)[::-1])
        assert columns.read("line", 0, 3).tolist() == [count - 1, count - 2, count - 3]
        kept = np.arange(count) % 3 == 0
        columns.select(kept)
        assert len(columns) == np.count_nonzero(kept)
        wanted = np.arange(count)[::-1][kept]
        assert columns.read("line").tolist() == wanted.tolist()
        assert columns.read("volume").tolist() == (wanted + 4.0).tolist()
        columns.append(**rows(0, 1), line=np.array([-1]))
        assert columns.read("line", len(columns) - 1).tolist() == [-1]


def test_a_further_column_can_be_dropped_and_none_of_the_six(tmp_path):
    with ColumnFiles(tmp_path, further={"line": "<i8"}) as columns:
        columns.append(**rows(0, 2), line=np.arange(2))
        columns.drop("line")
        assert columns.names == NAMES
        assert not columns.path("line").exists()
        columns.append(**rows(2, 3))
        with pytest.raises(ValueError, match="six columns"):
            columns.drop("close")


def test_rows_of_another_length_or_name_are_refused(tmp_path):
    with ColumnFiles(tmp_path) as columns:
        with pytest.raises(ValueError, match="every column"):
            columns.append(time=np.arange(3))
        with pytest.raises(ValueError, match="every column"):
            columns.append(**rows(0, 2) | {"open": np.arange(3.0)})
        columns.append(**rows(0, 2))
        with pytest.raises(ValueError, match="2 rows"):
            columns.replace("open", np.zeros(3))
        with pytest.raises(ValueError, match="each of 2 rows"):
            columns.select(np.ones(3, dtype=bool))


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    class Full:
        def seek(self, place):
            return place

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            pass

    with ColumnFiles(tmp_path) as columns:
        monkeypatch.setitem(columns._streams, "open", Full())
        with pytest.raises(StorageFailed, match="No space left"):
            columns.append(**rows(0, 2))
        assert len(columns) == 0
    assert list(tmp_path.glob("columns-*")) == []


def test_a_folder_that_is_missing_is_said_in_words(tmp_path):
    with pytest.raises(StorageFailed):
        ColumnFiles(tmp_path / "none")


def test_bars_are_columns_too():
    bars = make_bars(5)
    found = list(blocks(BarsColumns(bars), 2))
    assert [first for first, _ in found] == [0, 2, 4]
    assert np.concatenate([block["time"] for _, block in found]).tolist() == bars.time.view(np.int64).tolist()
