"""The cache of compiled functions must never outlive the source of anything inside."""

import importlib
import os
import sys
from pathlib import Path

import pytest

from algotrade import compiled

INNER = """
from algotrade.compiled import kernel

FACTOR = {factor}

@kernel
def inner_nb(x: float) -> float:
    return x + {added}
"""
OUTER = """
from algotrade.compiled import kernel
from inner_rules import FACTOR, inner_nb

@kernel
def outer_nb(x: float) -> float:
    return inner_nb(x) * 10.0

@kernel
def scaled_nb(x: float) -> float:
    return x * FACTOR
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "outer_loop.py").write_text(OUTER)
    yield tmp_path
    for name in ("inner_rules", "outer_loop"):
        sys.modules.pop(name, None)


def module(folder, *, added=1, factor=1.0):
    path = folder / "inner_rules.py"
    path.write_text(INNER.format(added=added, factor=factor))
    os.utime(path, (1_000_000 + added, 1_000_000 + added + factor))
    for name in ("inner_rules", "outer_loop"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module("outer_loop")


def outer(folder, added):
    return module(folder, added=added).outer_nb


def test_a_changed_function_is_compiled_anew_inside_its_callers(folder):
    assert outer(folder, 1)(2.0) == 30.0
    assert outer(folder, 5)(2.0) == 70.0


def test_a_changed_constant_is_compiled_anew_inside_a_function_that_calls_nothing(folder):
    assert module(folder, factor=3.0).scaled_nb(2.0) == 6.0
    assert module(folder, factor=7.0).scaled_nb(2.0) == 14.0


def test_the_sources_are_ours_at_first_and_second_hand_and_nobody_elses():
    root = Path(compiled.__file__).parents[1]
    files = {
        Path(file).relative_to(root).as_posix()
        for file in compiled.sources(str(root / "backtests/engine/rows.py"))
    }
    assert files == {"algotrade/compiled.py", "backtests/engine/kernels.py", "backtests/engine/rows.py"}


def test_an_unchanged_function_comes_from_the_cache(folder):
    outer(folder, 1)(2.0)
    again = outer(folder, 1)
    again(2.0)
    assert sum(again.stats.cache_hits.values()) == 1
