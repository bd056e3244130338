"""Typed parameters: what they take, what they refuse, and what they tell forms, schemas and sweeps."""

import math
from decimal import Decimal

import pytest

from strategies.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param, ReferenceParam

PERIOD = IntParam(
    "period", default=14, minimum=2, maximum=20, step=6, label="Period", help="How long.", unit="bars"
)
LEVEL = FloatParam("level", default=0.3, minimum=0.1, maximum=0.5, step=0.1, label="Level")
KIND = ChoiceParam("kind", default="sma", choices=(("sma", "Simple"), ("ema", "Exponential")), label="Kind")
SHORT = BoolParam("short", default=False, label="Short")
MODEL = ReferenceParam("model", kind="ml_model", label="Model")


@pytest.mark.parametrize(
    ("param", "given", "expected"),
    [
        (PERIOD, 2, 2),
        (PERIOD, 20, 20),
        (PERIOD, 14.0, 14),
        (LEVEL, 0.5, 0.5),
        (LEVEL, Decimal("0.25"), 0.25),
        (KIND, "ema", "ema"),
        (SHORT, True, True),
        (MODEL, 7, 7),
    ],
)
def test_a_good_value_comes_back_in_its_type(param, given, expected):
    value = param.clean(given)
    assert value == expected
    assert type(value) is type(expected)


def test_a_whole_number_is_taken_as_a_float_where_a_number_is_asked_for():
    value = FloatParam("x", default=1.0, minimum=0, maximum=5, label="X").clean(3)
    assert (value, type(value)) == (3.0, float)


@pytest.mark.parametrize(
    "given",
    [1, 21, 2.5, "14", None, True, [], {}, math.nan, math.inf, -(10**400), pytest.param(10**5000, id="huge")],
)
def test_a_whole_number_out_of_bounds_or_of_another_kind_is_refused_with_the_bounds(given):
    with pytest.raises(ValueError, match="from 2 to 20"):
        PERIOD.clean(given)


@pytest.mark.parametrize(
    "given", [0.09, 0.51, "0.3", None, True, math.nan, math.inf, 10**400, Decimal("NaN"), Decimal("sNaN")]
)
def test_a_number_out_of_bounds_or_of_another_kind_is_refused_with_the_bounds(given):
    with pytest.raises(ValueError, match=r"from 0\.1 to 0\.5"):
        LEVEL.clean(given)


@pytest.mark.parametrize("given", ["SMA", "", None, 1, ["sma"]])
def test_a_value_that_is_no_choice_is_refused_with_the_choices(given):
    with pytest.raises(ValueError, match="sma, ema"):
        KIND.clean(given)


@pytest.mark.parametrize("given", [0, 1, "true", None])
def test_only_true_and_false_are_yes_and_no(given):
    with pytest.raises(ValueError, match="true or false"):
        SHORT.clean(given)


@pytest.mark.parametrize("given", [0, -1, 1.5, "7", None, True, 2**63])
def test_a_reference_is_a_positive_id_that_a_database_can_hold(given):
    with pytest.raises(ValueError, match="not an id"):
        MODEL.clean(given)


def test_a_refusal_names_the_value_and_cuts_a_long_one():
    with pytest.raises(ValueError, match=r"^'abc' is not a whole number"):
        PERIOD.clean("abc")
    with pytest.raises(ValueError) as caught:
        PERIOD.clean("x" * 5000)
    assert len(str(caught.value)) < 200


def test_a_sweep_tries_every_step_without_rounding_noise():
    assert PERIOD.grid() == (2, 8, 14, 20)
    assert LEVEL.grid() == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert KIND.grid() == ("sma", "ema")
    assert SHORT.grid() == (False, True)
    assert MODEL.grid() == ()


@pytest.mark.parametrize("param", [PERIOD, LEVEL, KIND, SHORT])
def test_every_value_of_a_sweep_is_a_good_value(param):
    assert [param.clean(value) for value in param.grid()] == list(param.grid())


def test_the_schema_says_type_bounds_and_default():
    assert PERIOD.json_schema() == {
        "title": "Period",
        "description": "How long.",
        "type": "integer",
        "minimum": 2,
        "maximum": 20,
        "default": 14,
    }
    assert LEVEL.json_schema()["type"] == "number"
    assert KIND.json_schema()["enum"] == ["sma", "ema"]
    assert SHORT.json_schema()["type"] == "boolean"
    assert MODEL.json_schema() == {
        "title": "Model",
        "type": "integer",
        "minimum": 1,
        "x-reference": "ml_model",
    }


def test_a_declaration_that_contradicts_itself_is_refused_when_it_is_written():
    with pytest.raises(ValueError, match="out of bounds"):
        IntParam("p", default=1, minimum=2, maximum=3, label="P")
    with pytest.raises(TypeError, match="minimum below its maximum"):
        FloatParam("p", default=1, minimum=3, maximum=3, label="P")
    with pytest.raises(TypeError, match="repeat a value"):
        ChoiceParam("p", default="a", choices=(("a", "A"), ("a", "B")), label="P")
    with pytest.raises(TypeError, match="how to clean"):
        Param("p", label="P").clean(1)
