"""The decorators of our compiled functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

_njit: Any = njit  # its types do not know `_nrt`
# Nobody passes these as values to other compiled functions: without the entry for that they compile faster.
_OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
# Source files behind each compiled function: its own and those of the functions it calls.
_SOURCES: dict[Any, frozenset[str]] = {}


def kernel(function: F) -> F:
    """Compile a function of numbers and arrays that makes no arrays itself; it releases the interpreter's lock.

    Two things beyond `njit`:

    - No counting of references (`_nrt`): numba counts each array anew at every call between compiled functions, with
      atomic operations that cost more than a fill of the account does. What allocates needs plain `njit`.
    - The cache on disk knows the files of the called functions too. numba watches the caller's own file only, and would
      go on using machine code that has an old version of a called function inside.
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


def _cached(function: F, **options: Any) -> F:
    made: Any = _njit(cache=True, **{**_OPTIONS, **options})(function)
    _watch(made, function)
    if made is not function:  # it is with NUMBA_DISABLE_JIT
        made._cache._cache_file._source_stamp = tuple(_stamp(path) for path in sorted(_SOURCES[made]))
    return cast(F, made)


def inlined(function: F) -> F:
    """Return the function so that its callers compile it into themselves, for loops in which calls take the time."""
    plain = getattr(function, "py_func", function)
    made: Any = _njit(inline="always", **_OPTIONS)(plain)
    _watch(made, plain)
    return cast(F, made)


def _watch(made: Any, function: Callable[..., Any]) -> None:
    sources = {function.__code__.co_filename}
    for name in function.__code__.co_names:
        called: Any = function.__globals__.get(name)
        if hasattr(called, "py_func"):
            sources |= _SOURCES.get(called, {called.py_func.__code__.co_filename})
    _SOURCES[made] = frozenset(sources)


def _stamp(path: str) -> tuple[str, float, int]:
    found = Path(path).stat()
    return Path(path).name, found.st_mtime, found.st_size
