"""The bounds that a form prints beside a field."""

import pytest
from django import forms

from algotrade.templatetags import controls
from algotrade.templatetags.figures import THIN_SPACE as T


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (1e-6, "0.000001"),
        (0.05, "0.05"),
        (1e9, f"1{T}000{T}000{T}000"),
        (2520, f"2{T}520"),
        (1e-300, "1e-300"),
    ],
)
def test_a_bound_is_printed_without_exponent_where_that_is_readable(bound, text):
    class Form(forms.Form):
        value = forms.FloatField(min_value=bound)

    assert controls.lower_bound(Form()["value"]) == text
