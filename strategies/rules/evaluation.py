"""Evaluates bound rules over whole columns. Each distinct expression is computed once; there is no `eval`.

Undefined is NaN: it stays NaN in arithmetic, and every comparison with it is False. Row t depends on rows up
to t only, because every function is causal and no lag is negative.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from marketdata.bars import Bars
from strategies.crossing import cross_down, cross_up
from strategies.rules.binding import whole
from strategies.rules.cache import Cache
from strategies.rules.computing import COMPUTED, column, on_runs
from strategies.rules.functions import FUNCTIONS
from strategies.rules.series import Flags, Line, Series, common_scale, compare, finite, over, shifted, under
from strategies.rules.signatures import Noise, Sort
from strategies.rules.tree import Binary, Call, Column, Lag, Node, Number, Truth, Unary, children

QUIET = {"divide": "ignore", "over": "ignore", "invalid": "ignore", "under": "ignore"}


class Evaluation:
    """Computes rules on one set of bars.

    Parameters
    ----------
    bars : Bars
    rules : iterable of nodes
        Everything that will be asked for, bound. What occurs in it several times is kept.
    shared : Cache, optional
        Lines of indicators that outlive this evaluation, so that the next one (another cell of a sweep, the
        next move of a slider) begins with them.
    """

    def __init__(self, bars: Bars, rules: Iterable[Node], shared: Cache | None = None) -> None:
        self.bars = bars
        self.shared = shared if shared is not None else Cache()
        self._times = _occurrences(rules)
        self._kept: dict[Node, Series | Flags | bool] = {}

    def condition(self, node: Node) -> Flags:
        """Return the truth of a condition at each bar, shape (n_bars,)."""
        with np.errstate(**QUIET):  # type: ignore[arg-type]
            return np.array(np.broadcast_to(self._flags(node), len(self.bars)), dtype=np.bool_)

    def numbers(self, node: Node) -> Line:
        """Return the value of an expression at each bar, shape (n_bars,), NaN where undefined."""
        with np.errstate(**QUIET):  # type: ignore[arg-type]
            return np.array(self._spread(self._series(node).values))

    def _spread(self, values: Line | float) -> Line:
        """A value for each bar, also of a constant."""
        return np.broadcast_to(np.asarray(values, dtype=np.float64), len(self.bars))

    def _flags(self, node: Node) -> Any:
        if node in self._kept:
            return self._kept[node]
        return self._keep(node, self._condition(node))

    def _series(self, node: Node) -> Series:
        kept = self._kept.get(node)
        if isinstance(kept, Series):
            return kept
        made: Series = self._keep(node, self._number(node))
        return made

    def _keep(self, node: Node, value: Any) -> Any:
        if self._times[node] > 1:
            self._kept[node] = value
        return value

    def _condition(self, node: Node) -> Any:
        match node:
            case Truth(value=value):
                return np.bool_(value)
            case Unary(operand=operand):
                return ~self._flags(operand)
            case Binary(sign="and", left=left, right=right):
                return self._flags(left) & self._flags(right)
            case Binary(sign="or", left=left, right=right):
                return self._flags(left) | self._flags(right)
            case Binary(sign=sign, left=left, right=right):
                return compare(sign, self._series(left), self._series(right))
            case Lag(operand=operand, bars=bars):
                return shifted(self._flags(operand), whole(bars))
            case Call():
                return _EVENTS[node.function](self, node)
        raise TypeError(f"{node!r} is not a bound condition")

    def _number(self, node: Node) -> Series:
        match node:
            case Number(value=value):
                return Series(value)
            case Column(name=name):
                return Series(column(self.bars, name))
            case Unary(operand=operand):
                return -self._series(operand)
            case Binary(sign=sign, left=left, right=right):
                a, b = self._series(left), self._series(right)
                return a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b
            case Lag(operand=operand, bars=bars):
                return self._series(operand).lagged(whole(bars))
            case Call() if node.function in _COUNTS:
                return Series(_COUNTS[node.function](self, node))
            case Call() if node.function in _ELEMENTWISE:
                return _ELEMENTWISE[node.function]([self._series(argument) for argument in node.arguments])
            case Call():
                return self._indicator(node)
        raise TypeError(f"{node!r} is not a bound number")

    def _indicator(self, node: Call) -> Series:
        function = FUNCTIONS[node.function]
        has_source = bool(function.arguments) and function.arguments[0].sort is Sort.SERIES
        source = self._series(node.arguments[0]) if has_source else None
        key = (function.computed_by, node.arguments)
        lines = self.shared.get(self.bars, key)
        if lines is None:
            lines = self._computed(node, source)
            self.shared.put(self.bars, key, lines)
        line = lines if function.line is None else lines[function.line]
        return Series(finite(line), _scale(function.noise, source, node))

    def _computed(self, node: Call, source: Series | None) -> Any:
        function = FUNCTIONS[node.function]
        compute = COMPUTED[function.computed_by]
        constants = [
            whole(given) if argument.sort is Sort.BARS else given.value
            for argument, given in zip(function.arguments, node.arguments, strict=True)
            if isinstance(given, Number)
        ]
        if source is None:
            return compute(self.bars, *constants)
        periods = [
            whole(given)
            for argument, given in zip(function.arguments, node.arguments, strict=True)
            if argument.sort is Sort.BARS
        ]
        least = function.first_row(periods)
        return on_runs(lambda run: compute(self.bars, run, *constants), self._spread(source.values), least)


def _scale(noise: Noise, source: Series | None, node: Call) -> Any:
    if noise is Noise.HUNDRED:
        return 100.0
    if source is None or noise is Noise.OWN:
        return None
    if noise is Noise.SOURCE_SIZE:
        return source.size
    scale = source.scale
    return scale * whole(node.arguments[1]) if node.function == "sum" and scale is not None else scale


def _occurrences(rules: Iterable[Node]) -> Counter[Node]:
    """How often each distinct expression is asked for; below a repeated one nothing is counted twice."""
    times: Counter[Node] = Counter()
    waiting = list(rules)
    while waiting:
        node = waiting.pop()
        times[node] += 1
        if times[node] == 1:
            waiting.extend(children(node))
    return times


# -- conditions that are functions --------------------------------------------------------------------------
def _crossing(of: Callable[..., Flags]) -> Callable[[Evaluation, Call], Flags]:
    def crossing(run: Evaluation, node: Call) -> Flags:
        left, right = (run._series(argument) for argument in node.arguments)
        scale = common_scale(left, right)
        a, b = (run._spread(side.values) for side in (left, right))
        return of(a, b, scale=None if scale is None else run._spread(scale))

    return crossing


def _in_a_row(of: Callable[[Series, Series], Flags]) -> Callable[[Evaluation, Call], Flags]:
    def in_a_row(run: Evaluation, node: Call) -> Flags:
        source = run._series(node.arguments[0])
        moved = of(source, source.lagged(1))
        rows = np.arange(moved.size)
        long_enough: Flags = rows - _latest(~moved) >= whole(node.arguments[1])
        return long_enough

    return in_a_row


def _latest(flags: Flags) -> Any:
    """The last row up to each row at which the flag was set, -1 before the first."""
    rows = np.where(flags, np.arange(flags.size), -1)
    return np.maximum.accumulate(rows) if rows.size else rows


def _bars_since(run: Evaluation, node: Call) -> Line:
    latest = _latest(run._flags(node.arguments[0]))
    return np.where(latest < 0, np.nan, np.arange(latest.size) - latest)


def _count(run: Evaluation, node: Call) -> Line:
    flags, period = run._flags(node.arguments[0]), whole(node.arguments[1])
    total = np.concatenate(([0], np.cumsum(flags)))
    out = np.full(flags.size, np.nan)
    out[period - 1 :] = total[period:] - total[: max(0, total.size - period)]
    return out


_EVENTS: Mapping[str, Callable[[Evaluation, Call], Flags]] = {
    "crossover": _crossing(cross_up),
    "crossunder": _crossing(cross_down),
    "rising": _in_a_row(over),
    "falling": _in_a_row(under),
}
_COUNTS: Mapping[str, Callable[[Evaluation, Call], Line]] = {"bars_since": _bars_since, "count": _count}


# -- arithmetic that is functions ---------------------------------------------------------------------------
def _extreme(of: Callable[[Any, Any], Any]) -> Callable[[list[Series]], Series]:
    def extreme(given: list[Series]) -> Series:
        found = given[0]
        for other in given[1:]:
            plain = found.scale is None and other.scale is None
            size = None if plain else np.maximum(found.size, other.size)
            found = Series(of(found.values, other.values), size)
        return found

    return extreme


def _logarithm(given: list[Series]) -> Series:
    # The logarithm of a ratio next to 1 is next to 0; its noise is the relative one of the ratio.
    (x,) = given
    positive = np.where(np.asarray(x.values) > 0.0, x.values, np.nan)
    relative = 1.0 if x.scale is None else finite(np.divide(x.size, positive))
    return Series(finite(np.log(positive)), relative)


def _root(given: list[Series]) -> Series:
    (x,) = given
    return Series(finite(np.sqrt(x.values)), None if x.scale is None else np.sqrt(x.scale))


_ELEMENTWISE: Mapping[str, Callable[[list[Series]], Series]] = {
    "abs": lambda given: Series(np.abs(given[0].values), given[0].scale),
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "log": _logarithm,
    "sqrt": _root,
}
