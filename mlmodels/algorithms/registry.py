"""The algorithms that exist, by key. An algorithm is registered by a call; nothing scans folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from algotrade.errors import nearest, shown
from mlmodels.errors import TrainingError
from strategies.params import Param, Value, clean_all

_algorithms: dict[str, Algorithm] = {}


def _no_problems(hyperparameters: Mapping[str, Any], rows: int) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What a form and the API need to know about one algorithm.

    Parameters
    ----------
    key : str
        What configurations store; the fitting class has the same in `algorithm`.
    label, summary : str
        Its name, and one or two plain sentences that tell its strength and its danger.
    params : tuple of Param
        Hyper-parameters; a search tries the values of their `grid()`, so those that are not worth a search
        return none (see `mlmodels.algorithms.params`).
    problems : callable
        Takes a full set of hyper-parameters and the number of training rows; returns by name what cannot go well,
        with a remedy. Light: it is asked before anything is trained.
    """

    key: str
    label: str
    summary: str
    params: tuple[Param, ...]
    problems: Callable[[Mapping[str, Any], int], dict[str, str]] = _no_problems

    def clean(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Return a full set of hyper-parameters, or raise TrainingError with a message by name."""
        cleaned, problems = clean_all(self.params, given, "hyper-parameter")
        if problems:
            raise TrainingError(fields=problems)
        return cleaned


ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(_algorithms)
"""All registered algorithms by key, in the order of their registration; it grows as plug-ins register theirs."""


def register_algorithm(algorithm: Algorithm) -> Algorithm:
    """Make the algorithm available under its key. A key that is taken is refused."""
    for attribute in ("key", "label", "summary"):
        if not getattr(algorithm, attribute):
            raise TypeError(f"The algorithm {algorithm.key!r} has no {attribute}. Give it one.")
    if algorithm.key in _algorithms:
        holder = _algorithms[algorithm.key].label
        raise ValueError(
            f"The key '{algorithm.key}' belongs to {holder} already. Give {algorithm.label} its own."
        )
    _algorithms[algorithm.key] = algorithm
    return algorithm


def get_algorithm(key: Any) -> Algorithm:
    """Return an algorithm, or raise TrainingError listing those that exist."""
    if isinstance(key, str) and key in _algorithms:
        return _algorithms[key]
    message = f"There is no algorithm {shown(key)}. {nearest(key, _algorithms)}"
    raise TrainingError(message, fields={"algorithm": [message]})


@contextmanager
def temporarily(*algorithms: Algorithm) -> Iterator[None]:
    """Register algorithms for the length of a `with` block (a test, a notebook cell)."""
    before = dict(_algorithms)
    try:
        for algorithm in algorithms:
            register_algorithm(algorithm)
        yield
    finally:
        _algorithms.clear()
        _algorithms.update(before)
