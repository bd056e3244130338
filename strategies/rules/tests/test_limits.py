"""No text is too much: caps before anything is computed, and nothing but the language's own error."""

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.rules import check, parse
from strategies.rules.answers import checked
from strategies.rules.errors import RuleError
from strategies.rules.functions import reserved
from strategies.rules.tests.programs import SHUFFLED
from strategies.rules.tests.texts import refused

NAMES = st.sampled_from(["fast", "value", "minimum", "maximum", "step", "a b", ""])
VALUES = {"fast": {"value": 3, "minimum": 1, "maximum": 9, "step": 1}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("close > 1 " + "#" * 2_000, "characters. Shorten it to 2,000"),
        ("x" * 10_000, "characters"),
        ("+ " * 600, "more than 500 words and signs"),
        ("(" * 600, "more than 500 words and signs"),
        ("(" * 45 + "close" + ")" * 45 + " > 1", "nested more than 40 deep"),
        ("not " * 45 + "close > 1", "nested more than 40 deep"),
        ("close > " + "- " * 45 + "1", "nested more than 40 deep"),
        ("close" + "[1]" * 45 + " > 1", "nested more than 40 deep"),
        ("sma(" * 45 + "close" + ", 2)" * 45 + " > 1", "nested more than 40 deep"),
        ("close > 1" + " + 1" * 45, "nested more than 40 deep"),
        ("close[" * 45, "nested more than 40 deep"),
        (" or ".join(["(macd() > keltner_upper() and rsi() > 1)"] * 20), "more than 200 parts"),
        ("min(" + "close, " * 9 + "close) > 1", "takes 8 at most"),
        ("close" + "[20000]" * 2 + " > 1", "reaches back 40,000 bars"),
    ],
)  # fmt: skip
def test_a_rule_that_is_too_much_is_refused_at_once(text, says):
    started = time.process_time()
    assert says in refused(text).message
    assert time.process_time() - started < 0.5


def test_the_deepest_rule_fits_into_a_small_part_of_the_stack():
    deepest = "(" * 38 + "close > 1" + ")" * 38
    before = sys.getrecursionlimit()
    frame, used = sys._getframe(), 0
    while frame:
        frame, used = frame.f_back, used + 1
    sys.setrecursionlimit(used + 250)
    try:
        assert parse.__wrapped__(deepest)
    finally:
        sys.setrecursionlimit(before)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=60), SHUFFLED, st.binary(max_size=100).map(lambda b: b.decode("latin-1"))))
def test_any_text_is_a_rule_or_a_rule_error_with_a_place_inside_it(text):
    texts = {"long_entry": text, "long_exit": text, "size": text}
    report = check(texts, VALUES)
    for error in report.rules.values():
        assert isinstance(error, RuleError)
        assert 0 <= error.start <= error.end <= len(text)
        assert error.message


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=5),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_json_as_named_values_gives_an_answer(values):
    answer = checked({"long_entry": "close > fast", "values": values})
    assert answer["ok"] in (True, False)
    assert all(isinstance(message, str) for message in answer["values"].values())


@pytest.mark.parametrize(
    ("values", "name", "says"),
    [
        ([1], "", "not an object of names"),
        ({f"v{i}": {} for i in range(13)}, "", "at most 12"),
        ({"Fast": VALUES["fast"]}, "Fast", "small letters"),
        ({"2nd": VALUES["fast"]}, "2nd", "begins with no digit"),
        ({"rsi": VALUES["fast"]}, "rsi", "rsi is a function of the language"),
        ({"close": VALUES["fast"]}, "close", "a column"),
        ({"hold": VALUES["fast"]}, "hold", "a word"),
        ({"fast": 3}, "fast", "Give its value, minimum and maximum"),
        ({"fast": {"value": 3, "minimum": 1}}, "fast", "Its maximum is null"),
        ({"fast": VALUES["fast"] | {"maximum": True}}, "fast", "Its maximum is True"),
        ({"fast": VALUES["fast"] | {"value": 10}}, "fast", "10 is out of bounds. Give a value from 1 to 9"),
        ({"fast": VALUES["fast"] | {"value": float("nan")}}, "fast", "ordinary size"),
        ({"fast": VALUES["fast"] | {"minimum": 9}}, "fast", "not below the maximum"),
        ({"fast": VALUES["fast"] | {"value": 2.5}}, "fast", "2.5 is not whole"),
        ({"fast": VALUES["fast"] | {"step": 0}}, "fast", "The step 0 does not fit"),
        ({"fast": VALUES["fast"] | {"step": 1e-9}}, "fast", "at most 10,000 steps"),
        ({"fast": VALUES["fast"] | {"min": 1}}, "fast", "Did you mean 'minimum'?"),
        ({"fast": VALUES["fast"] | {"label": "x" * 61}}, "fast", "at most 60 characters"),
    ],
)
def test_a_named_value_that_cannot_be_is_refused_by_name(values, name, says):
    report = check({"long_entry": "close > 1"}, values)
    assert list(report.values) == [name]
    assert says in report.values[name]
    assert report.book is None


def test_what_is_reserved_covers_all_that_the_parser_knows():
    for word in ("and", "not", "hold", "bars", "true", "close", "hour", "sma", "crossover"):
        assert reserved(word)
    assert not reserved("fast")
