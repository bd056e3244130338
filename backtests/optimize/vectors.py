"""Eight bars at a time: the few loops of a sweep that a compiler does not find by itself, as explicit vectors.

Every lane does what plain arithmetic on that bar would do, and lanes are joined in a fixed order, so the results are
the same bits on every machine; one with narrower registers takes more steps. Ranges may be read up to `LANES` bars
beyond their end, so columns end in that much padding.
"""

from typing import Any

from llvmlite import ir
from numba import types as numba_types
from numba.core import cgutils as numba_cgutils

from backtests.optimize.compiled import instruction
from strategies.crossing import EQUAL_WITHIN

types: Any = numba_types  # numba's own annotations stop at its compiler
cgutils: Any = numba_cgutils

LANES = 8
WORD = 64

_DOUBLE = ir.DoubleType()
_VECTOR = ir.VectorType(_DOUBLE, LANES)
_INT = ir.IntType(64)
_WITHIN = ir.Constant(_DOUBLE, EQUAL_WITHIN)
_INTS = ir.VectorType(_INT, LANES)


def _all(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _spread(builder: Any, scalar: Any) -> Any:
    """One number in every lane."""
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)


def _load(builder: Any, data: Any, place: Any) -> Any:
    pointer = builder.bitcast(builder.gep(data, [place]), _VECTOR.as_pointer())
    return builder.load(pointer, align=8)


def _data(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.make_array(kind)(context, builder, value).data


def _least(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", left, right), left, right)


def _most(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", left, right), left, right)


def _fold(builder: Any, vector: Any, join: Any) -> Any:
    """All lanes joined into one number, halves onto each other, in this order on every machine."""
    for half in (4, 2, 1):
        turned = ir.Constant(
            ir.VectorType(ir.IntType(32), LANES), [(lane + half) % LANES for lane in range(LANES)]
        )
        vector = join(builder, vector, builder.shuffle_vector(vector, vector, turned))
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


def _sum(builder: Any, left: Any, right: Any) -> Any:
    return builder.fadd(left, right)


def _within(builder: Any, remaining: Any) -> Any:
    """Mask of the lanes below `remaining`."""
    one = builder.insert_element(ir.Constant(_INTS, ir.Undefined), remaining, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    limit = builder.shuffle_vector(one, ir.Constant(_INTS, ir.Undefined), zeros)
    return builder.icmp_signed("<", ir.Constant(_INTS, list(range(LANES))), limit)


def _above(builder: Any, left: Any, right: Any, within: Any) -> Any:
    """The rule of `strategies.crossing` for values above 0."""
    return builder.fcmp_ordered(">", builder.fsub(left, right), builder.fmul(within, left))


@instruction
def compare_word(typing: Any, fast: Any, slow: Any, bar: Any) -> Any:
    """Bits of 64 bars from `bar` on: where the line at address `fast` is above that at `slow`, and where below.

    NaN is neither. The rule of `strategies.crossing` for values above 0: the larger of the two is the one that is
    above, so left - right > EQUAL_WITHIN * left says the same as with the larger of both.
    """
    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left, right = (builder.inttoptr(address, _DOUBLE.as_pointer()) for address in args[:2])
        above = below = ir.Constant(_INT, 0)
        for group in range(WORD // LANES):
            shift = ir.Constant(_INT, group * LANES)
            f, s = (_load(builder, line, builder.add(args[2], shift)) for line in (left, right))
            over, under = (
                _above(builder, left, right, _all(EQUAL_WITHIN)) for left, right in ((f, s), (s, f))
            )
            bits = [builder.zext(builder.bitcast(m, ir.IntType(LANES)), _INT) for m in (over, under)]
            above = builder.or_(above, builder.shl(bits[0], shift))
            below = builder.or_(below, builder.shl(bits[1], shift))
        return context.make_tuple(builder, sig.return_type, (above, below))

    return signature, codegen


@instruction
def compare_bar(typing: Any, fast: Any, slow: Any, bar: Any) -> Any:
    """Of one bar what `compare_word` says: 1 where the first line is above, and where below."""
    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        f, s = (
            builder.load(builder.gep(builder.inttoptr(address, _DOUBLE.as_pointer()), [args[2]]))
            for address in args[:2]
        )
        masks = _above(builder, f, s, _WITHIN), _above(builder, s, f, _WITHIN)
        return context.make_tuple(builder, sig.return_type, [builder.zext(mask, _INT) for mask in masks])

    return signature, codegen


@instruction
def compare_coarse(typing: Any, fast: Any, slow: Any, bar: Any) -> Any:
    """Bits of 64 bars from `bar` on where the coarse line at address `fast` is above that at `slow`, and where below.

    Only by more than one step, which is far more than `EQUAL_WITHIN` (see `coarse`); a bar without a bit is undecided.
    """
    signature = types.UniTuple(types.uint64, 2)(types.uint64, types.uint64, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        steps, one = (
            ir.VectorType(ir.IntType(16), WORD),
            ir.Constant(ir.VectorType(ir.IntType(16), WORD), [1] * WORD),
        )
        lines = []
        for address in args[:2]:
            data = builder.gep(builder.inttoptr(address, ir.IntType(16).as_pointer()), [args[2]])
            lines.append(builder.load(builder.bitcast(data, steps.as_pointer()), align=2))
        f, s = lines
        over = builder.icmp_unsigned(">", f, builder.add(s, one))
        under = builder.icmp_unsigned(">", s, builder.add(f, one))
        return context.make_tuple(
            builder, sig.return_type, [builder.bitcast(mask, _INT) for mask in (over, under)]
        )

    return signature, codegen


@instruction
def lowest_highest(typing: Any, column: Any, first: Any, count: Any) -> Any:
    """Least and greatest of `count` (at least 1) values from `first` on."""
    signature = types.UniTuple(types.float64, 2)(column, types.int64, types.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data, (_, first_, count_) = _data(context, builder, sig.args[0], args[0]), args
        low = cgutils.alloca_once_value(builder, _all(float("inf")))
        high = cgutils.alloca_once_value(builder, _all(float("-inf")))

        def take(values: Any) -> None:
            builder.store(_least(builder, values, builder.load(low)), low)
            builder.store(_most(builder, values, builder.load(high)), high)

        few = builder.icmp_signed("<", count_, ir.Constant(_INT, LANES))
        with builder.if_else(few) as (short, long):
            with short:
                values = _load(builder, data, first_)
                # Lanes beyond the range repeat its first value.
                start = _spread(builder, builder.load(builder.gep(data, [first_])))
                take(builder.select(_within(builder, count_), values, start))
            with long:
                whole = builder.sdiv(count_, ir.Constant(_INT, LANES))
                with cgutils.for_range(builder, whole) as loop:
                    take(_load(builder, data, builder.add(first_, _times_lanes(builder, loop.index))))
                # The last eight, some of them a second time.
                take(_load(builder, data, builder.sub(builder.add(first_, count_), ir.Constant(_INT, LANES))))
        ends = _fold(builder, builder.load(low), _least), _fold(builder, builder.load(high), _most)
        return context.make_tuple(builder, sig.return_type, ends)

    return signature, codegen


@instruction
def scan_value(typing: Any, column: Any, first: Any, count: Any, base: Any, slope: Any) -> Any:
    """Sums over the `count` bars after `first` of r, r^2 and min(r, 0)^2, and the least and greatest y.

    y = base + slope * column is the account's value, r its change from bar to bar. The extremes include `first`.
    Bar i goes to lane i % 8 counted from `first`, whatever comes before or after.
    """
    signature = types.UniTuple(types.float64, 5)(
        column, types.int64, types.int64, types.float64, types.float64
    )

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data, (_, first_, count_, base_, slope_) = _data(context, builder, sig.args[0], args[0]), args
        a, b = _spread(builder, base_), _spread(builder, slope_)
        zero, one = _all(0.0), _all(1.0)
        total, squares, falls = (cgutils.alloca_once_value(builder, zero) for _ in range(3))
        start = builder.fadd(a, builder.fmul(b, _spread(builder, builder.load(builder.gep(data, [first_])))))
        low, high = (cgutils.alloca_once_value(builder, start) for _ in range(2))
        steps = builder.sdiv(builder.add(count_, ir.Constant(_INT, LANES - 1)), ir.Constant(_INT, LANES))
        with cgutils.for_range(builder, steps) as loop:
            done = _times_lanes(builder, loop.index)
            place = builder.add(first_, done)
            before = builder.fadd(a, builder.fmul(b, _load(builder, data, place)))
            after = builder.fadd(
                a, builder.fmul(b, _load(builder, data, builder.add(place, ir.Constant(_INT, 1))))
            )
            inside = _within(builder, builder.sub(count_, done))
            r = builder.select(inside, builder.fsub(builder.fdiv(after, before), one), zero)
            square = builder.fmul(r, r)
            fall = builder.select(builder.fcmp_ordered("<", r, zero), square, zero)
            builder.store(builder.fadd(builder.load(total), r), total)
            builder.store(builder.fadd(builder.load(squares), square), squares)
            builder.store(builder.fadd(builder.load(falls), fall), falls)
            y = builder.select(inside, after, start)
            builder.store(_least(builder, y, builder.load(low)), low)
            builder.store(_most(builder, y, builder.load(high)), high)
        sums = [_fold(builder, builder.load(place), _sum) for place in (total, squares, falls)]
        ends = _fold(builder, builder.load(low), _least), _fold(builder, builder.load(high), _most)
        return context.make_tuple(builder, sig.return_type, (*sums, *ends))

    return signature, codegen


@instruction
def first_outside(typing: Any, low: Any, high: Any, first: Any, count: Any, floor: Any, ceiling: Any) -> Any:
    """The first of `count` bars from `first` on whose low is at or below `floor` or high at or above `ceiling`.

    `first + count` when there is none; a NaN bound is never reached.
    """
    integers, numbers = (types.int64, types.int64), (types.float64, types.float64)
    signature = types.int64(low, high, *integers, *numbers)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lows, highs = (_data(context, builder, sig.args[i], args[i]) for i in range(2))
        first_, count_ = args[2:4]
        below, over = _spread(builder, args[4]), _spread(builder, args[5])
        found = cgutils.alloca_once_value(builder, builder.add(first_, count_))
        steps = builder.sdiv(builder.add(count_, ir.Constant(_INT, LANES - 1)), ir.Constant(_INT, LANES))
        with cgutils.for_range(builder, steps) as loop:
            done = _times_lanes(builder, loop.index)
            place = builder.add(first_, done)
            hit = builder.or_(
                builder.fcmp_ordered("<=", _load(builder, lows, place), below),
                builder.fcmp_ordered(">=", _load(builder, highs, place), over),
            )
            hit = builder.and_(hit, _within(builder, builder.sub(count_, done)))
            bits = builder.bitcast(hit, ir.IntType(LANES))
            with builder.if_then(builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))):
                lane = builder.zext(builder.cttz(bits, ir.Constant(ir.IntType(1), 1)), _INT)
                builder.store(builder.add(place, lane), found)
                loop.do_break()
        return builder.load(found)

    return signature, codegen


@instruction
def first_one(typing: Any, word: Any) -> Any:
    """Number of the lowest bit that is set, in a word that has one."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@instruction
def ones(typing: Any, word: Any) -> Any:
    """How many bits are set."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@instruction
def last_one(typing: Any, word: Any) -> Any:
    """Number of the highest bit that is set, in a word that has one."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        zeros = builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))
        return builder.sub(ir.Constant(_INT, WORD - 1), zeros)

    return types.int64(types.uint64), codegen


def _times_lanes(builder: Any, index: Any) -> Any:
    return builder.mul(index, ir.Constant(_INT, LANES))
