"""The compiled loops behind the indicators, imported on first use.

numba takes about a second to import, while the web process only needs the names of strategies and their
parameters. So it is not imported with this package.
"""

from functools import cache
from types import ModuleType


@cache
def finite() -> ModuleType:
    """The look for NaN and infinities."""
    from strategies.indicators import finite as module

    return module


@cache
def windows() -> ModuleType:
    """Loops over moving windows."""
    from strategies.indicators import kernels as module

    return module


@cache
def extremes() -> ModuleType:
    """Loops over the highest and lowest of moving windows."""
    from strategies.indicators import extremes as module

    return module


@cache
def recursions() -> ModuleType:
    """Loops of the indicators that remember for ever."""
    from strategies.indicators import recursions as module

    return module


@cache
def ranges() -> ModuleType:
    """Loops on the range of bars."""
    from strategies.indicators import ranges as module

    return module


@cache
def many() -> ModuleType:
    """Several averages in one call."""
    from strategies.indicators import many as module

    return module
