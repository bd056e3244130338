"""docs/rules.md says what the language has."""

from pathlib import Path

from strategies.rules import limits
from strategies.rules.functions import COLUMNS, FUNCTIONS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "rules.md").read_text()


def test_every_function_and_column_is_described_as_it_is():
    for function in FUNCTIONS.values():
        assert f"| `{function.written}` | {function.help} |" in TEXT
    for column in COLUMNS:
        assert column in TEXT


def test_the_limits_are_the_real_ones():
    for said in (
        f"{limits.MOST_CHARACTERS:,} characters",
        f"{limits.MOST_TOKENS} words and signs",
        f"{limits.MOST_NODES} parts",
        f"{limits.DEEPEST} levels",
        f"{limits.LONGEST_LOOKBACK:,} bars of lookback",
        f"{limits.MOST_VALUES} named values",
        f"{limits.MOST_HOLDS} different",
    ):
        assert said in " ".join(TEXT.split())
