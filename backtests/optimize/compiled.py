"""How the kernels of sweeps are compiled, said once, and typed as the plain functions they are made from."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.extending import intrinsic

from algotrade.compiled import sources

Function = TypeVar("Function", bound=Callable[..., Any])

# Without numba's run-time a kernel may not make arrays, and does not count references to those it is given: atomic
# additions at each of them took more than half of the time.
_OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
# Without an entry for Python, whose call would end the process: taking our own types apart there costs much to compile.
_INNER = {**_OPTIONS, "no_cpython_wrapper": True}


def kernel(function: Function) -> Function:
    """Compile a function over numbers and arrays that it neither makes nor keeps; the result is cached on disk."""
    compiled = cast(Any, njit)(function, cache=True, **_OPTIONS)
    forget_stale(compiled)
    return cast(Function, compiled)


def part(function: Function) -> Function:
    """Compile a function that becomes part of the kernels that call it.

    It is not cached itself: an index that names our own types could not be read once one of them is renamed.
    """
    return cast(Function, cast(Any, njit)(function, forceinline=True, **_INNER))


def helper(function: Function) -> Function:
    """Compile a function that kernels call and that takes our own types, like a `part`, but once."""
    return cast(Function, cast(Any, njit)(function, **_INNER))


def instruction(function: Callable[..., Any]) -> Any:
    """A function whose body is written in the compiler's own instructions."""
    return intrinsic(cast(Any, function))


def forget_stale(compiled: Any) -> None:
    """Drop what is cached of a kernel when a source of what is inside it was changed since.

    numba looks at the kernel's own file only.
    """
    with suppress(AttributeError, OSError):
        index = Path(compiled._cache._cache_file._index_path)
        files = sources(compiled.py_func.__code__.co_filename)
        if index.stat().st_mtime < max(Path(file).stat().st_mtime for file in files):
            index.unlink()
