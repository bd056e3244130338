"""Controls that only the form of a strategy has."""

from typing import Any

from django import forms


class SliderInput(forms.NumberInput):
    """A number with a slider before it. Only the number is sent; the page's script couples the two.

    On a `logarithmic` one equal ways are equal factors, for numbers whose values are worth a look over decades.
    """

    template_name = "strategies/_slider.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, logarithmic: bool = False) -> None:
        super().__init__(attrs)
        self.logarithmic = logarithmic

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["logarithmic"] = self.logarithmic
        return context
