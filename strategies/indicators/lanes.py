"""Eight rows at a time, as one value inside compiled loops: what a compiler does not find by itself in a recursion.

Every lane does what plain arithmetic on its row would do, in the same order on every machine; one with narrower
registers takes more steps. No lane depends on a later one, so what lies beyond the end of a column cannot reach a row.
`+ - * /` work on two `eight`s, and on one and a number.
"""

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from llvmlite import ir
from numba import extending as numba_extending
from numba import types as numba_types
from numba.core import cgutils as numba_cgutils
from numba.core.typing import templates as numba_templates

types: Any = numba_types  # numba's own annotations stop at its compiler
cgutils: Any = numba_cgutils
extending: Any = numba_extending
templates: Any = numba_templates

LANES = 8

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)
_VECTOR, _INTS = ir.VectorType(_DOUBLE, LANES), ir.VectorType(_INT, LANES)
_PLACES = ir.VectorType(ir.IntType(32), LANES)
_MASK = ir.VectorType(ir.IntType(1), LANES)
_NOTHING = ir.Constant(_VECTOR, [0.0] * LANES)


Eight: TypeAlias = Any
"""Eight numbers in one register, as annotations name them; they never leave a kernel."""


class _Eight(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="eight")


eight = _Eight()


@extending.register_model(_Eight)
class _Model(extending.models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


def instruction(function: Callable[..., Any]) -> Any:
    """A function whose body is written in the compiler's own instructions."""
    return extending.intrinsic(function)


def _spread(builder: Any, scalar: Any, vector: Any = _VECTOR) -> Any:
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), ir.Constant(_PLACES, [0] * LANES))


def _as_eight(builder: Any, kind: Any, value: Any) -> Any:
    return value if kind == eight else _spread(builder, value)


def _operator(function: Any, instruction_name: str) -> None:
    pairs = ((eight, eight), (eight, types.float64), (types.float64, eight))

    class Rule(templates.ConcreteTemplate):  # type: ignore[misc]
        key = function
        cases = [templates.signature(eight, *pair) for pair in pairs]

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (_as_eight(builder, kind, value) for kind, value in zip(sig.args, args, strict=True))
        return getattr(builder, instruction_name)(left, right)

    templates.infer_global(function)(Rule)
    for pair in pairs:
        extending.lower_builtin(function, *pair)(lower)


for _function, _name in (("add", "fadd"), ("sub", "fsub"), ("mul", "fmul"), ("truediv", "fdiv")):
    _operator(getattr(operator, _function), _name)


def _place(context: Any, builder: Any, kind: Any, column: Any, row: Any) -> Any:
    data = context.make_array(kind)(context, builder, column).data
    return builder.bitcast(builder.gep(data, [row]), _VECTOR.as_pointer())


def _within(builder: Any, count: Any) -> Any:
    lanes = ir.Constant(_INTS, list(range(LANES)))
    return builder.icmp_signed("<", lanes, _spread(builder, count, _INTS))


@instruction
def load(typing: Any, column: Any, row: Any, count: Any) -> Any:
    """The `count` (1 to 8) values of a column from `row` on; 0 in the other lanes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _place(context, builder, sig.args[0], *args[:2])
        kind = ir.FunctionType(_VECTOR, [place.type, ir.IntType(32), _MASK, _VECTOR])
        masked = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.load.v8f64.p0")
        return builder.call(
            masked, [place, ir.Constant(ir.IntType(32), 8), _within(builder, args[2]), _NOTHING]
        )

    return eight(column, types.int64, types.int64), codegen


@instruction
def store(typing: Any, column: Any, row: Any, count: Any, value: Any) -> Any:
    """Write the first `count` (1 to 8) lanes to a column from `row` on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _place(context, builder, sig.args[0], *args[:2])
        kind = ir.FunctionType(ir.VoidType(), [_VECTOR, place.type, ir.IntType(32), _MASK])
        masked = cgutils.get_or_insert_function(builder.module, kind, "llvm.masked.store.v8f64.p0")
        builder.call(masked, [args[3], place, ir.Constant(ir.IntType(32), 8), _within(builder, args[2])])
        return context.get_dummy_value()

    return types.void(column, types.int64, types.int64, eight), codegen


@instruction
def spread(typing: Any, number: Any) -> Any:
    """One number in every lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _spread(builder, args[0])

    return eight(types.float64), codegen


@instruction
def last(typing: Any, value: Any) -> Any:
    """The number in the last lane, in every lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        places = ir.Constant(_PLACES, [LANES - 1] * LANES)
        return builder.shuffle_vector(args[0], ir.Constant(_VECTOR, ir.Undefined), places)

    return eight(eight), codegen


@instruction
def first(typing: Any, value: Any) -> Any:
    """The number in the first lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], ir.Constant(ir.IntType(32), 0))

    return types.float64(eight), codegen


@instruction
def chosen(typing: Any, left: Any, right: Any, yes: Any, no: Any) -> Any:
    """`yes` where left > right, else (and where one of them is NaN) `no`."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        one, two, three, four = (
            _as_eight(builder, kind, value) for kind, value in zip(sig.args, args, strict=True)
        )
        return builder.select(builder.fcmp_ordered(">", one, two), three, four)

    return eight(left, right, yes, no), codegen


def _later(builder: Any, vector: Any, by: int, first: Any = _NOTHING) -> Any:
    """The lanes moved up; the first ones get the last ones of `first`."""
    places = ir.Constant(_PLACES, list(range(LANES - by, 2 * LANES - by)))
    return builder.shuffle_vector(first, vector, places)


@instruction
def root(typing: Any, value: Any) -> Any:
    """The square root of each lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        square_root = cgutils.get_or_insert_function(builder.module, kind, "llvm.sqrt.v8f64")
        return builder.call(square_root, args)

    return eight(eight), codegen


def _moving(by: int) -> Any:
    def moving(typing: Any, before: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return _later(builder, args[1], by, args[0])

        return eight(eight, eight), codegen

    return instruction(moving)


moved, moved_by_two, moved_by_four = _moving(1), _moving(2), _moving(4)
"""moved(before, value): the rows one (two, four) before those of `value`, after the last lanes of `before`."""


@instruction
def total(typing: Any, value: Any) -> Any:
    """The sum of the lanes, halves onto each other."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = args[0]
        for half in (4, 2, 1):
            places = ir.Constant(_PLACES, [(lane + half) % LANES for lane in range(LANES)])
            vector = builder.fadd(vector, builder.shuffle_vector(vector, vector, places))
        return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))

    return types.float64(eight), codegen


@instruction
def faded(typing: Any, news: Any, weight: Any) -> Any:
    """state[i] = weight * state[i - 1] + news[i] over the lanes, as if nothing was before them."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        states, power = args
        for by in (1, 2, 4):
            faded_by = builder.fmul(_later(builder, states, by), _spread(builder, power))
            states, power = builder.fadd(states, faded_by), builder.fmul(power, power)
        return states

    return eight(eight, types.float64), codegen


@instruction
def powers(typing: Any, weight: Any) -> Any:
    """weight ** 1 to weight ** 8."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found = [args[0]]
        for exponent in range(2, LANES + 1):
            found.append(builder.fmul(found[(exponent - 1) // 2], found[exponent // 2 - 1]))
        vector = ir.Constant(_VECTOR, ir.Undefined)
        for lane, power in enumerate(found):
            vector = builder.insert_element(vector, power, ir.Constant(ir.IntType(32), lane))
        return vector

    return eight(types.float64), codegen
