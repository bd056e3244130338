"""Controls that only the form of a strategy has."""

from django import forms


class SliderInput(forms.NumberInput):
    """A number with a slider before it. Only the number is sent; the page's script couples the two."""

    template_name = "strategies/_slider.html"
