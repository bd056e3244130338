"""From four conditions to one target: what happens when several of them are true at the same close."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strategies.rules.binding import whole
from strategies.rules.evaluation import Evaluation
from strategies.rules.series import Flags
from strategies.rules.tree import Binary, Held, Kind, Node, Truth, Unary, walk

NEVER = Truth(False, kind=Kind.TRUTH, per_bar=False)


def targets(run: Evaluation, rules: Mapping[str, Node], first: int) -> NDArray[np.float64]:
    """Return the wanted position at each close: -1, 0 or +1, NaN before row `first`.

    Parameters
    ----------
    run : Evaluation
        On the bars.
    rules : mapping
        Bound conditions by "long_entry", "long_exit", "short_entry", "short_exit"; what is left out is never
        true.
    first : int
        The first row at which all rules can be answered.

    Notes
    -----
    At each close, in this order:

    1. Contradicting entries cancel: a close at which both are true enters neither.
    2. An entry whose own exit is true at the same close is not taken.
    3. A valid entry of the other side turns the position round; it comes before the exit.
    4. Otherwise a true exit ends the position.
    5. Otherwise everything stays as it is. A further entry on the same side changes nothing and does not
       begin the count of `hold for` anew.
    """
    from strategies.rules.kernels import target_nb

    long_exits, long_holds = _exits(run, rules.get("long_exit", NEVER))
    short_exits, short_holds = _exits(run, rules.get("short_exit", NEVER))
    target: NDArray[np.float64] = target_nb(
        run.condition(rules.get("long_entry", NEVER)),
        long_exits,
        long_holds,
        run.condition(rules.get("short_entry", NEVER)),
        short_exits,
        short_holds,
        first,
    )
    return target


def held_forms(rule: Node) -> tuple[list[Node], list[int]]:
    """The rule as it reads before its first `hold for` has passed, after it, after the second ..."""
    holds = sorted({whole(node.bars) for node in walk(rule) if isinstance(node, Held)})
    return [_passed(rule, bars) for bars in (0, *holds)], holds


def _exits(run: Evaluation, rule: Node) -> tuple[Flags, NDArray[np.int64]]:
    """The exit's truth by (how many of its holds have passed, row), and the holds in order."""
    forms, holds = held_forms(rule)
    return np.stack([run.condition(form) for form in forms]), np.array(holds, dtype=np.int64)


def _passed(node: Node, bars: int) -> Node:
    """The condition with each `hold for` answered for a position decided `bars` bars before."""
    match node:
        case Held():
            return Truth(whole(node.bars) <= bars, kind=Kind.TRUTH, per_bar=False)
        case Unary(operand=operand):
            return replace(node, operand=_passed(operand, bars))
        case Binary(left=left, right=right):
            return replace(node, left=_passed(left, bars), right=_passed(right, bars))
    return node
