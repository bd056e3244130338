"""The ranges that a form begins with."""

from decimal import Decimal

import pytest

from backtests.sweeps.ranges import Range, range_around
from strategies.params import FloatParam, IntParam
from strategies.registry import get_strategy_class, names


def whole(low, high, step=1):
    return IntParam("p", default=low, minimum=low, maximum=high, step=step, label="P")


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (whole(1, 499), 10, (2, 30, 1)),
        (whole(2, 500), 200, (40, 500, 10)),
        (whole(2, 500), 2, (2, 6, 1)),
        (whole(0, 20), 0, (0, 20, 1)),
        (
            FloatParam("p", default=2.0, minimum=0.1, maximum=10.0, step=0.1, label="P"),
            2.0,
            ("0.4", 6, "0.2"),
        ),
    ],
)
def test_a_range_lies_around_the_stored_value_in_round_steps(param, value, expected):
    assert range_around(param, value) == Range(*(Decimal(number) for number in expected))


@pytest.mark.parametrize("key", names())
def test_every_type_s_range_is_small_within_its_bounds_and_holds_the_default(key):
    for param in get_strategy_class(key).params:
        if isinstance(param, IntParam | FloatParam):
            found = range_around(param, param.default)
            count = (found.stop - found.start) / found.step + 1
            assert 1 <= count <= 51
            assert Decimal(repr(param.minimum)) <= found.start <= found.stop <= Decimal(repr(param.maximum))
            assert (Decimal(repr(param.default)) - found.start) % found.step == 0
