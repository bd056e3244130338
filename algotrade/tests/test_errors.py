"""How messages name a value and its remedy."""

import pytest

from algotrade.errors import InvalidInput, nearest, shown


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (14, "14"),
        ("14", "'14'"),
        (None, "null"),
        ("x" * 80, f"'{'x' * 59}..."),
    ],
)
def test_a_value_is_shown_so_that_text_and_numbers_differ_and_nothing_is_endless(value, said):
    assert shown(value) == said


def test_a_number_without_decimal_text_is_described():
    assert shown(10**5000) == "a number of thousands of digits"


def test_an_unknown_name_is_answered_with_the_nearest_or_with_all():
    assert nearest("perod", ["period", "oversold"]) == "Did you mean 'period'?"
    assert nearest("xyz", ["period", "oversold"]) == "There are: period, oversold."
    assert nearest("xyz", []) == "There are: none."


def test_an_error_without_words_of_its_own_says_the_first_of_its_fields():
    error = InvalidInput(fields={"period": ["It is too long.", "It is odd."], "name": ["It is taken."]})
    assert error.detail == str(error) == "period: It is too long."
