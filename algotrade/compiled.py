"""The decorators of our compiled functions."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

_njit: Any = njit  # its types do not know `_nrt`
# Nobody passes these as values to other compiled functions: without the entry for that they compile faster.
_OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays that makes no arrays itself; it releases the interpreter's lock.

    Two things beyond `njit`:

    - No counting of references (`_nrt`): numba counts each array anew at every call between compiled functions, with
      atomic operations that cost more than a fill of the account does. What allocates needs plain `njit`.
    - The cache on disk knows every file of ours that the function's own file imports, and those that they import. numba
      watches the own file only, and would go on using machine code with an old function or constant inside.
    """
    return _cached(function)


def part(function: F) -> F:
    """Compile a function that only kernels call: it has no entry for Python, whose call would end the process.

    Taking the named tuples of such a function apart for Python is a third of the time of compiling it.
    """
    return _cached(function, no_cpython_wrapper=True)


def allocating(function: F) -> F:
    """Compile a function that makes arrays itself, like a kernel, but with the counting of references."""
    return _cached(function, _nrt=True)


def inlined(function: F) -> F:
    """Return the function so that its callers compile it into themselves, for loops in which calls take the time."""
    return cast(F, _njit(inline="always", **_OPTIONS)(getattr(function, "py_func", function)))


def _cached(function: F, **options: Any) -> F:
    made: Any = _njit(cache=True, **{**_OPTIONS, **options})(function)
    if made is not function:  # it is with NUMBA_DISABLE_JIT
        files = sorted(sources(function.__code__.co_filename))
        made._cache._cache_file._source_stamp = tuple(_stamp(file) for file in files)
    return cast(F, made)


@cache
def sources(file: str) -> frozenset[str]:
    """A Python file and all files of ours that it imports, at first or second hand."""
    found, waiting = {file}, [file]
    while waiting:
        new = _imported(waiting.pop()) - found
        found |= new
        waiting += new
    return frozenset(found)


@cache
def _imported(file: str) -> frozenset[str]:
    found = set()
    for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_file_of(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(package := _file_of(node.module))
            if Path(package).stem == "__init__":  # what is imported from it may be a module itself
                found |= {_file_of(f"{node.module}.{alias.name}") for alias in node.names}
    return frozenset(found - {""})


def _file_of(module: str) -> str:
    """The file of a module that is ours; "" for the standard library's, an installed one and what is none."""
    if not _is_ours(module.partition(".")[0]):
        return ""
    spec = find_spec(module)
    return "" if spec is None else spec.origin or ""


@cache
def _is_ours(package: str) -> bool:
    if package in sys.stdlib_module_names:
        return False
    spec = find_spec(package)
    origin = "" if spec is None else spec.origin or ""
    return not {"site-packages", "dist-packages"} & set(Path(origin).parts)


def _stamp(file: str) -> tuple[str, float, int]:
    found = Path(file).stat()
    return Path(file).name, found.st_mtime, found.st_size
