"""What a search may try: each hyper-parameter's values, in order from the simplest model to the most complex."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from algotrade.errors import nearest
from mlmodels.algorithms import Algorithm
from mlmodels.errors import TrainingError
from strategies.params import Value

DECADES_FOR_LOG = 2.0
SIGNIFICANT_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Dimension:
    """One hyper-parameter of the search: `values` of its grid, simplest first; `log`: distances are ratios."""

    name: str
    values: tuple[Value, ...]
    log: bool = False

    @property
    def is_numeric(self) -> bool:
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    @property
    def is_whole(self) -> bool:
        return all(isinstance(value, int) for value in self.values)

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value of a numeric dimension."""
        numbers = [float(value) for value in self.values if isinstance(value, int | float)]
        return min(numbers), max(numbers)

    @property
    def count(self) -> float:
        """How many values can be drawn; infinite for numbers with a fraction."""
        if not self.is_numeric:
            return len(self.values)
        low, high = self.bounds
        return high - low + 1 if self.is_whole else (math.inf if high > low else 1)

    def rounded(self, number: float) -> Value:
        """Return a drawn number as it is tried: whole, or with three significant digits; within the bounds."""
        low, high = self.bounds
        if self.is_whole:
            return int(min(max(round(number), low), high))
        return min(max(float(f"{number:.{SIGNIFICANT_DIGITS}g}"), low), high)

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw a value, all alike likely; of numbers on a logarithmic scale, all ratios alike likely."""
        if not self.is_numeric:
            return self.values[int(rng.integers(len(self.values)))]
        low, high = self.bounds
        if self.log:
            return self.rounded(math.exp(rng.uniform(math.log(low), math.log(high))))
        if self.is_whole:
            return int(rng.integers(int(low), int(high) + 1))
        return self.rounded(rng.uniform(low, high))

    def complexity(self, value: Value) -> float:
        """Return where a value stands between the simplest, 0, and the most complex, 1."""
        if not self.is_numeric or not isinstance(value, int | float):
            return self.values.index(value) / max(1, len(self.values) - 1)
        low, high = self.bounds
        if low == high:
            return 0.0
        place = math.log(value / low) / math.log(high / low) if self.log else (value - low) / (high - low)
        return place if self.values[0] < self.values[-1] else 1.0 - place  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Space:
    """The dimensions of a search, and the values of all other hyper-parameters."""

    dimensions: tuple[Dimension, ...]
    fixed: Mapping[str, Value]

    @property
    def grid_size(self) -> int:
        return math.prod(len(dimension.values) for dimension in self.dimensions)

    @property
    def count(self) -> float:
        """How many different sets can be drawn; may be infinite."""
        return math.prod(dimension.count for dimension in self.dimensions)

    def point(self, index: int) -> dict[str, Value]:
        """Return one point of the grid; the last dimension changes fastest, as in nested loops."""
        chosen: dict[str, Value] = {}
        for dimension in reversed(self.dimensions):
            index, place = divmod(index, len(dimension.values))
            chosen[dimension.name] = dimension.values[place]
        return self.complete(chosen)

    def complete(self, chosen: Mapping[str, Value]) -> dict[str, Value]:
        """Return a full set of hyper-parameters with the chosen ones in it."""
        return {**self.fixed, **chosen}

    def complexity(self, hyperparameters: Mapping[str, Value]) -> float:
        """Sum of the dimensions' complexities; the smaller is the simpler model."""
        return sum(dimension.complexity(hyperparameters[dimension.name]) for dimension in self.dimensions)


def space_of(algorithm: Algorithm, hyperparameters: Mapping[str, Any], over: Sequence[str] = ()) -> Space:
    """Return what a search of this algorithm may try.

    Parameters
    ----------
    algorithm : Algorithm
    hyperparameters : mapping
        The values of those that are not searched.
    over : sequence of str
        Names of the hyper-parameters to search; none: all whose `grid()` has at least two values.

    Raises
    ------
    TrainingError
        For a name that does not exist or has no grid, or when there is nothing to search.
    """
    found = {
        param.name: Dimension(param.name, tuple(grid), _is_log(param, grid))
        for param in algorithm.params
        if len(grid := param.grid()) > 1
    }
    problems = [
        f"{name!r} is nothing that a search of {algorithm.label} can vary. {nearest(name, found)}"
        for name in over
        if name not in found
    ]
    if not found:
        problems.append(f"{algorithm.label} has nothing to search. Train it without a search.")
    if problems:
        raise TrainingError(fields={"search_over": problems})
    names = list(dict.fromkeys(over)) or list(found)
    return Space(tuple(found[name] for name in names), algorithm.clean(hyperparameters))


def spread_over(size: int, count: int) -> Iterator[int]:
    """Yield `count` different places of 0 to size - 1, ascending and evenly spread; all when there are no more.

    Steps of the golden section of the size, made coprime to it: every dimension of a grid is met evenly, where equal
    distances would meet the same value of the last one again and again.
    """
    if count >= size:
        yield from range(size)
        return
    step = max(1, round(size * (math.sqrt(5.0) - 1.0) / 2.0))
    while math.gcd(step, size) != 1:
        step += 1
    yield from sorted(number * step % size for number in range(count))


def _is_log(param: Any, grid: Sequence[Value]) -> bool:
    numbers = [value for value in grid if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(grid) or min(numbers) <= 0:
        return False
    spans = math.log10(max(numbers) / min(numbers)) > DECADES_FOR_LOG
    return bool(getattr(param, "log", False)) or spans
