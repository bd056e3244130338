"""The two heavy libraries behind the indicators, imported on first use.

TA-Lib's wheel imports pandas (over a second) and numba takes about as long, while the web process only
needs the names of strategies and their parameters. So neither is imported with this package.
"""

from functools import cache
from types import ModuleType


@cache
def talib() -> ModuleType:
    """TA-Lib's functions over float64 arrays."""
    import talib as module

    return module


@cache
def kernels() -> ModuleType:
    """Our own compiled loops."""
    from strategies.indicators import kernels as module

    return module
