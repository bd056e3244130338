"""How rules are read: rank, grouping, types, and errors with their place."""

import pytest

from strategies.rules import bind, parse
from strategies.rules.functions import FUNCTIONS
from strategies.rules.tests.texts import refused
from strategies.rules.tree import Binary, Call, Kind, Lag, Named, Number, Unary
from strategies.rules.words import as_text

NAMES = ("fast", "slow")


def grouped(text, gives=Kind.TRUTH):
    """The tree with every operation in brackets."""

    def told(node):
        match node:
            case Binary():
                return f"({told(node.left)} {node.sign} {told(node.right)})"
            case Unary():
                return f"({node.sign} {told(node.operand)})"
            case Lag():
                return f"{told(node.operand)}[{told(node.bars)}]"
        return as_text(node)

    return told(parse(text, NAMES, gives=gives, may_hold=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open > 1 or low > 2 and high > 3", "((open > 1) or ((low > 2) and (high > 3)))"),
        ("not open > 1 and low > 2", "((not (open > 1)) and (low > 2))"),
        ("not not open > 1", "(not (not (open > 1)))"),
        ("open + 1 > low * 2", "((open + 1) > (low * 2))"),
        ("hold for 2 bars or open > 1", "(hold for 2 bars or (open > 1))"),
        ("hold for fast + 1 bars", "hold for fast + 1 bars"),
        ("open > 1 or low > 2 or high > 3", "(((open > 1) or (low > 2)) or (high > 3))"),
    ],
)
def test_conditions_group_by_rank(text, expected):
    assert grouped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open - low - high", "((open - low) - high)"),
        ("open / low / high", "((open / low) / high)"),
        ("open - low * high", "(open - (low * high))"),
        ("(open - low) * high", "((open - low) * high)"),
        ("-open[1]", "(- open[1])"),
        ("-open * low", "((- open) * low)"),
        ("- -open", "(- (- open))"),
        ("open[1][2]", "open[1][2]"),
        ("(open - low)[fast + 1]", "(open - low)[(fast + 1)]"),
        ("2 * -open", "(2 * (- open))"),
    ],
)
def test_numbers_group_by_rank_and_from_the_left(text, expected):
    assert grouped(text, Kind.NUMBER) == expected


def test_the_rule_of_the_manual_is_read():
    text = "crossover(sma(close, fast), sma(close, slow)) and rsi(close, 14) < 70 and close > highest(high, 20)[1]"
    tree = parse(text, NAMES)
    assert as_text(tree) == text
    assert tree.per_bar
    assert tree.kind is Kind.TRUTH
    assert as_text(bind(tree, {"fast": 5, "slow": 20})) == text.replace("fast", "5").replace("slow", "20")


def test_names_are_not_sensitive_to_case_and_comments_and_lines_do_not_matter():
    assert parse("CLOSE > SMA(Close, 20) # up\n AND not TRUE") == parse("close>sma(close,20) and not true")


def test_defaults_are_filled_in_and_arguments_may_be_named():
    assert parse("rsi() < 30") == parse("rsi(close, 14) < 30") == parse("rsi(period=14) < 30")
    assert parse("macd(close, slow=30) > 0") == parse("macd(close, 12, 30, 9) > 0")
    assert parse("min(open, close, low) > 1").left == Call(
        "min", (parse("open > 1").left, parse("close > 1").left, parse("low > 1").left)
    )


@pytest.mark.parametrize("text", ["14", "14.", "14.0", "1.4e1", "1.4E+1"])
def test_numbers_are_written_in_the_usual_ways(text):
    assert parse(f"close > {text}").right == Number(14.0)
    assert parse("close > .5").right == Number(0.5)


def test_a_named_value_becomes_its_number():
    assert parse("close > fast", NAMES).right == Named("fast")
    assert bind(parse("close > fast", NAMES), {"fast": 3}) == parse("close > 3")


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_the_example_of_each_function_is_a_rule_and_reads_the_same_after_printing(function):
    tree = bind(parse(function.example), {}, function.example)
    assert tree.kind is Kind.TRUTH
    assert function.name in function.example
    assert bind(parse(as_text(tree)), {}) == tree


@pytest.mark.parametrize(
    ("text", "start", "end", "says"),
    [
        ("", 0, 0, "empty"),
        ("close >", 7, 7, "ends too early"),
        ("close > smaa(close, 5)", 8, 12, "Did you mean 'sma'?"),
        ("smaa(clse, tred) > 1", 0, 4, "Did you mean 'sma'?"),  # the first mistake comes first
        ("close > sma(clse, 5)", 12, 16, "Did you mean 'close'?"),
        ("close > fats", 8, 12, "Did you mean 'fast'?"),
        ("close > sma(close, perod=5)", 25, 26, "Did you mean 'period'?"),
        ("close > sma(close, 5", 20, 20, "',' is missing"),
        ("close > sma", 8, 11, "is a function"),
        ("close > (open", 13, 13, "')' is missing"),
        ("close > open)", 12, 13, "closes nothing"),
        ("close[1 > 2", 11, 11, "']' is missing"),
        ("close open", 6, 10, "something is missing"),
        ("close = open", 6, 7, "Write == for equal"),
        ("1 < close < 2", 9, 13, "Write a < b and b < c"),
        ("close & open", 6, 7, "Write 'and'"),
        ("close ≥ open", 6, 7, "Write >="),
        ("close > 2x", 8, 10, "Write 2 * x"),
        ("close > 1e999", 8, 13, "too large"),
        ("close", 0, 5, "This is a number, and a condition is wanted"),
        ("close and open", 0, 5, "needs a condition"),
        ("(close > 1) + 2 > 3", 1, 10, "Numbers only"),
        ("not close", 4, 9, "needs a condition"),
        ("close > +1", 8, 9, "Remove it"),
        ("rsi(14) < 30", 4, 6, "a series such as close"),
        ("sma(close, volume) > 1", 11, 17, "changes from bar to bar"),
        ("close[volume] > 1", 6, 12, "changes from bar to bar"),
        ("3[1] > close", 0, 4, "has no past"),
        ("crossover(1, 2)", 0, 15, "changes from bar to bar"),
        ("sma(close, 5, 6) > 1", 14, 15, "takes 2 at most"),
        ("sma(close, 5, period=6) > 1", 21, 22, "given twice"),
        ("sma(period=5, close) > 1", 14, 19, "come first"),
        ("sum(close) > 1", 0, 10, "period is missing"),
        ("close() > 1", 0, 5, "no function"),
        ("hold for 5 bars", 0, 15, "belongs in an exit rule"),
        ("close.real > 1", 5, 6, "nothing else has points"),
        ("__import__('os')", 11, 12, "no texts in a rule"),
    ],
)  # fmt: skip
def test_an_error_names_its_place_and_the_remedy(text, start, end, says):
    error = refused(text, NAMES)
    assert says in error.message, error.message
    assert (error.start, error.end) == (start, end)
    assert error.column == start + 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hold for close bars", "same at every bar"),
        ("hold for 5", "'bars' is missing"),
        ("hold 5 bars", "'for' is missing"),
        ("(hold for 5 bars)[1]", "has no past"),
        ("bars_since(hold for 5 bars) > 1", "no function takes it"),
        ("hold for 0 bars", "from 1 to"),
        ("hold for 1.5 bars", "whole number"),
        ("hold for 1 bars or hold for 2 bars or hold for 3 bars or hold for 4 bars or hold for 5 bars", "More than 4"),
    ],
)  # fmt: skip
def test_hold_for_is_told_what_it_needs(text, says):
    assert says in refused(text, may_hold=True).message


@pytest.mark.parametrize(
    ("text", "start", "says"),
    [
        ("close > sma(close, 0)", 19, "The period of sma is 0 here"),
        ("close > sma(close, 2.5)", 19, "2.5 here. Give a whole number"),
        ("close > sma(close, 1 - fast)", 19, "is -2 here"),
        ("close > sma(close, 1e9)", 19, "from 1 to 20,000"),
        ("close[-1] > 1", 6, "A lag is -1 here"),
        ("close[0.5] > 1", 6, "whole number"),
        ("close[15000][15000] > 1", 0, "reaches back 30,000 bars"),
        ("macd(close, fast, fast) > 0", 12, "fast (3) is not below slow (3)"),
        ("close > 1 / 0", 8, "divides by 0"),
        ("close > log(0 - fast)", 8, "undefined"),
        ("close > 1e300 * 1e300", 8, "no finite value"),
        ("close > bollinger_upper(close, 20, 0)", 35, "from 0.01 to 100"),
    ],
)
def test_constants_are_checked_with_their_numbers(text, start, says):
    error = refused(text, NAMES)
    assert says in error.message, error.message
    assert error.start == start


def test_the_place_counts_lines_where_there_are_several():
    error = refused("close > open\nand close > smaa(close, 5)")
    assert (error.line, error.column, error.start) == (2, 13, 25)
    assert error.detail.startswith("Line 2, character 13: There is no function 'smaa'.")


def test_a_lag_of_0_is_the_value_itself():
    assert bind(parse("close[0] > 1"), {}) == parse("close > 1")
    assert bind(parse("close[2 - 2] > 1"), {}) == parse("close > 1")
