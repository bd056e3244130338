"""The last result of a strategy in one line, for the list. The app that owns results provides it when ready.

    provide_headlines(latest_results)     # (strategies) -> headline by strategy id, in one query

This app sits below that one and cannot ask it directly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Headline:
    """What the list shows of a result; numbers that are undefined are None.

    `in_sample`: whether a model decided bars that it had been trained on.
    """

    url: str
    status: str
    total_return: float | None = None
    sharpe_ratio: float | None = None
    sparkline: Sequence[float] = ()
    in_sample: bool = False


_providers: list[Callable[[Sequence[Any]], Mapping[int, Headline]]] = []


def provide_headlines(provider: Callable[[Sequence[Any]], Mapping[int, Headline]]) -> None:
    """Set the one source of headlines."""
    _providers[:] = [provider]


def has_headlines() -> bool:
    return bool(_providers)


def headlines_for(strategies: Sequence[Any]) -> Mapping[int, Headline]:
    """Headlines of the given strategies by id; those without a result are left out."""
    return _providers[0](strategies) if _providers and strategies else {}
