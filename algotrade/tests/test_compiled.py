"""The cache of compiled functions must never outlive the source of anything inside."""

import importlib
import os
import sys

import pytest

INNER = """
from algotrade.compiled import kernel

@kernel
def inner_nb(x: float) -> float:
    return x + {added}
"""
OUTER = """
from algotrade.compiled import kernel
from inner_rules import inner_nb

@kernel
def outer_nb(x: float) -> float:
    return inner_nb(x) * 10.0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "outer_loop.py").write_text(OUTER)
    yield tmp_path
    for name in ("inner_rules", "outer_loop"):
        sys.modules.pop(name, None)


def outer(folder, added):
    path = folder / "inner_rules.py"
    path.write_text(INNER.format(added=added))
    os.utime(path, (1_000_000 + added, 1_000_000 + added))
    for name in ("inner_rules", "outer_loop"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module("outer_loop").outer_nb


def test_a_changed_function_is_compiled_anew_inside_its_callers(folder):
    assert outer(folder, 1)(2.0) == 30.0
    assert outer(folder, 5)(2.0) == 70.0


def test_an_unchanged_function_comes_from_the_cache(folder):
    outer(folder, 1)(2.0)
    again = outer(folder, 1)
    again(2.0)
    assert sum(again.stats.cache_hits.values()) == 1
