"""Thousands of damaged files of bars: each is read as bars that keep their promises, or refused with located errors."""

import os

import pytest

from marketdata.tests.test_mutated_files import read_all

COUNT = int(os.environ.get("LAB_FUZZ_FILES", "2000"))
SEED = int(os.environ.get("LAB_FUZZ_SEED", "1"))


@pytest.mark.fuzz
def test_each_of_thousands_of_damaged_files_is_read_well_or_refused_in_its_place(tmp_path, capsys):
    refused, read = read_all(tmp_path, COUNT, SEED)
    with capsys.disabled():
        print(f"\n{COUNT:,} damaged files: {refused:,} refused in their place, {read:,} read, none failed")  # noqa: T201
    assert refused + read == COUNT
