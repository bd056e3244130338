"""The decorators of the compiled functions behind indicators and strategies."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

_njit: Any = njit
# Nobody passes these as values to other compiled functions, so the entry for that is left out: a tenth of the time of
# compiling.
_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}


def kernel(function: Function) -> Function:
    """Compile a function over columns; it releases the interpreter's lock and is kept in the cache on disk."""
    return cast(Function, _njit(**_OPTIONS)(function))
