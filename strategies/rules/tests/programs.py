"""Random rules for property tests: well-typed by construction, and any text at all."""

from hypothesis import strategies as st

from strategies.rules.functions import COLUMNS, FUNCTIONS
from strategies.rules.signatures import Sort
from strategies.rules.tree import Kind

COLUMN = st.sampled_from(sorted(COLUMNS))
CONSTANT = st.sampled_from(["0", "1", "2.5", "30", "100", "0.01"])
PERIOD = st.integers(2, 9).map(str)


def _call(draw, function, series, condition):
    given = []
    for argument in function.arguments:
        if argument.name == "slow":
            given.append(str(draw(st.integers(10, 14))))
        elif argument.sort is Sort.BARS:
            given.append(draw(PERIOD))
        elif argument.sort is Sort.CONSTANT:
            given.append("2")
        else:
            given.append(draw(condition if argument.sort is Sort.TRUTH else series))
    return f"{function.name}({', '.join(given)})"


def _calls(kind, series, condition):
    chosen = [function for function in FUNCTIONS.values() if function.result is kind]

    @st.composite
    def call(draw):
        return _call(draw, draw(st.sampled_from(chosen)), series, condition)

    return call()


def series(depth=3):
    """Expressions with a number a bar."""
    if depth == 0:
        return COLUMN
    below, truth = series(depth - 1), conditions(depth - 1)
    return st.one_of(
        COLUMN,
        _calls(Kind.NUMBER, below, truth),
        st.tuples(below, st.sampled_from("+-*/"), st.one_of(below, CONSTANT)).map(
            lambda t: f"({' '.join(t)})"
        ),
        st.tuples(below, st.integers(0, 6)).map(lambda t: f"({t[0]})[{t[1]}]"),
        below.map(lambda text: f"-({text})"),
    )


def conditions(depth=3):
    """Conditions with a truth a bar."""
    if depth == 0:
        return st.tuples(COLUMN, st.sampled_from("<>"), COLUMN).map(lambda t: f"({' '.join(t)})")
    numbers, below = series(depth - 1), conditions(depth - 1)
    signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        st.tuples(numbers, signs, st.one_of(numbers, CONSTANT)).map(lambda t: f"({' '.join(t)})"),
        st.tuples(below, st.sampled_from(["and", "or"]), below).map(lambda t: f"({' '.join(t)})"),
        below.map(lambda text: f"(not {text})"),
        st.tuples(below, st.integers(0, 6)).map(lambda t: f"({t[0]})[{t[1]}]"),
        _calls(Kind.TRUTH, numbers, below),
    )


WORDS = [
    *COLUMNS, *FUNCTIONS, "and", "or", "not", "true", "false", "hold", "for", "bars", "fast", "nonsense",
    "<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "(", ")", "[", "]", ",", "=", "0", "1",
    "2.5", "1e400", "1e-9",
]  # fmt: skip
SHUFFLED = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
