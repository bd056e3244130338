"""From conditions to positions, by hand; and what a set of rules is told."""

import math

import numpy as np
import pytest

from strategies.rules import check
from strategies.rules.evaluation import Evaluation
from strategies.rules.kernels import target_nb
from strategies.rules.machine import held_forms, targets
from strategies.rules.tests.texts import same
from strategies.rules.words import as_text, in_words
from strategies.tests.prices import bars_of

NAN = math.nan


def positions(close, **rules):
    """The target on bars with these closes, as a text: L long, S short, . out, ? undecided."""
    book = check(rules, {}).book
    bars = bars_of(close)
    run = Evaluation(bars, book.rules.values())
    letters = {1.0: "L", -1.0: "S", 0.0: "."}
    return "".join(letters.get(value, "?") for value in targets(run, book.conditions, book.first_row))


# Each digit is a close; the rules below speak of single closes, so the text shows what happens when.
FOUR = {
    "long_entry": "close == 1 or close == 5 or close == 6",
    "long_exit": "close == 2 or close == 6 or close == 7",
    "short_entry": "close == 3 or close == 5 or close == 7",
    "short_exit": "close == 4",
}


@pytest.mark.parametrize(
    ("close", "expected"),
    [
        ("91929", ".LL.."),  # in at the close of 1, out at that of 2
        ("93949", ".SS.."),
        ("91399", ".LSSS"),  # a short entry turns a long position round
        ("93199", ".SLLL"),
        ("91119", ".LLLL"),  # entering again changes nothing
        ("92949", "....."),  # an exit without a position
        ("95999", "....."),  # both entries at once: neither
        ("91599", ".LLLL"),  # and a position stays
        ("93599", ".SSSS"),
        ("96999", "....."),  # its own exit is true: not taken
        ("91699", ".L..."),  # the exit still ends a position
        ("93699", ".SSSS"),  # and does not turn one round
        ("91799", ".LSSS"),  # an entry of the other side comes before the exit
    ],
)
def test_what_happens_at_a_close(close, expected):
    assert positions([int(digit) for digit in close], **FOUR) == expected


@pytest.mark.parametrize(
    ("exit_rule", "expected"),
    [
        ("hold for 3 bars", ".LLL.LLL."),  # decided at bar 1, out at the decision of bar 4; in again at 5
        ("hold for 1 bars", ".L.L.L.L."),
        ("hold for 3 bars or close == 2", ".LLL.L.LL"),  # out at 4, and at 6 because of its close
        ("hold for 3 bars and close == 1", ".LLL.LLL."),
        ("close == 2 and hold for 2 bars or hold for 4 bars", ".LLLL..LL"),  # out at 5; no entry at 6
        ("not hold for 2 bars", "........."),  # true at the entry itself: never taken
    ],
)
def test_hold_for_counts_from_the_decision_to_enter(exit_rule, expected):
    found = positions([9, 1, 1, 1, 1, 1, 2, 1, 1], long_entry="close == 1", long_exit=exit_rule)
    assert found == expected


def test_a_new_entry_on_the_same_side_does_not_begin_the_count_anew():
    assert positions([9, 1, 9, 1, 9, 9], long_entry="close == 1", long_exit="hold for 3 bars") == ".LLL.."


def test_turning_round_begins_the_count_anew():
    rules = {"long_entry": "close == 1", "short_entry": "close == 3", "short_exit": "hold for 2 bars"}
    assert positions([9, 1, 1, 3, 9, 9, 9], **rules) == ".LLSS.."


def test_nothing_is_decided_before_every_rule_can_be_answered():
    rules = {"long_entry": "close > 0", "short_entry": "sma(close, 4) < 0", "size": "1 / close[2]"}
    assert positions([5] * 6, **rules) == "???LLL"
    # an undefined comparison is False, and its opposite True: the warm-up must not enter on that
    assert positions([5] * 4, long_entry="not sma(close, 3) > 9") == "??LL"


def test_too_few_bars_decide_nothing():
    assert positions([5, 5], long_entry="close > sma(close, 10)") == "??"
    assert positions([], long_entry="close > sma(close, 10)") == ""


def test_the_compiled_loop_equals_plain_python():
    rng = np.random.default_rng(1)
    for _ in range(50):
        n = int(rng.integers(1, 60))
        entry, short = rng.random(n) < 0.3, rng.random(n) < 0.3
        exits, short_exits = rng.random((3, n)) < 0.2, rng.random((1, n)) < 0.2
        given = (
            entry,
            exits,
            np.array([2, 5]),
            short,
            short_exits,
            np.zeros(0, np.int64),
            int(rng.integers(0, n)),
        )
        same(target_nb(*given), target_nb.py_func(*given))


def test_an_exit_reads_differently_as_its_holds_pass():
    rule = check(
        {"long_entry": "true", "long_exit": "hold for 5 bars or hold for 2 bars and close > 1"}, {}
    ).book
    forms, holds = held_forms(rule.rules["long_exit"])
    assert holds == [2, 5]
    assert [as_text(form) for form in forms] == [
        "false or false and close > 1",
        "false or true and close > 1",
        "true or true and close > 1",
    ]


# -- what a set of rules is told ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rules", "role", "says"),
    [
        ({}, "long_entry", "There is no rule to enter"),
        ({"long_exit": "close > 1"}, "long_entry", "There is no rule to enter"),
        ({"long_entry": "close > 1", "short_exit": "close > 1"}, "short_exit", "no rule to go short"),
        ({"long_entry": "close > 1", "size": "close > 1"}, "size", "a number is wanted here"),
        ({"long_entry": "hold for 3 bars"}, "long_entry", "belongs in an exit rule"),
    ],
)
def test_rules_that_do_not_go_together_are_refused(rules, role, says):
    report = check(rules, {})
    assert says in report.rules[role].message
    assert report.book is None


def test_all_problems_are_told_at_once():
    report = check(
        {"long_entry": "close > a", "long_exit": "smaa(close) > 1", "size": "b"}, {"a": 1, "b": {}}
    )
    assert set(report.rules) == {"long_exit"}
    assert set(report.values) == {"a", "b"}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"long_entry": "close > 1"}, "Nothing ends a long position"),
        ({"short_entry": "close > 1"}, "Nothing ends a short position"),
        ({"long_entry": "true", "long_exit": "close > 1"}, "the same at every bar"),
    ],
)
def test_what_is_perhaps_not_meant_is_noted(rules, says):
    report = check(rules, {})
    assert report.book
    assert says in " ".join(report.notes)


def test_a_named_value_that_nothing_uses_is_noted():
    value = {"value": 3, "minimum": 1, "maximum": 9}
    notes = check({"long_entry": "close > a", "long_exit": "close < a"}, {"a": value, "b": value}).notes
    assert notes == ("No rule uses the named value b.",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("crossover(sma(close, 10), ema(close, 30)[1])",
         "the 10-bar average of the close crosses above the 30-bar exponential average of the close 1 bar earlier"),
        ("not (close > 1 or low < 2) and high != 3",
         "not (the close is above 1 or the low is below 2) and the high differs from 3"),
        ("(close - open) * 2 >= min(low, high, 3)",
         "(the close - the open) * 2 is at least the smaller of the low and the high and 3"),
        ("bars_since(close > 1) <= 5", "the number of bars since (the close is above 1) is at most 5"),
    ],
)  # fmt: skip
def test_a_rule_is_told_in_words(text, words):
    assert in_words(check({"long_entry": text}, {}).bound["long_entry"]) == words
