"""Form fields with the classes and the accessibility attributes that the components rely on."""

import math
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


def _kind(field: BoundField) -> str:
    widget = field.field.widget
    # RadioSelect and the multiple checkboxes derive from Select-like bases: ask for them first.
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "checkboxes"
    if isinstance(widget, forms.RadioSelect):
        return "radio"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.Select):
        return "select"
    if isinstance(widget, forms.FileInput):
        return "file"
    return "text"


@register.filter
def field_kind(field: BoundField) -> str:
    """Return which markup a field needs: text, select, checkbox, checkboxes, radio or file."""
    return _kind(field)


@register.filter
def error_id(field: BoundField) -> str:
    """Return the id of the element that holds the field's errors."""
    return f"{field.id_for_label or field.auto_id}-errors"


@register.filter
def help_id(field: BoundField) -> str:
    """Return the id of the element that holds the field's help and bounds."""
    return f"{field.id_for_label or field.auto_id}-help"


@register.filter
def target_id(field: BoundField) -> str:
    """Return the id that a link of the error summary leads to: the control, or the group of choices."""
    return field.auto_id if _kind(field) in {"radio", "checkboxes"} else field.id_for_label


@register.filter
def unit_of(field: BoundField) -> Any:
    """Return the unit a field is given in, if it names one."""
    return getattr(field.field, "unit", "") or ""


def _bound(field: BoundField, name: str, fallback: str) -> Any:
    value = field.field.widget.attrs.get(name, "")
    if value in ("", None):
        value = getattr(field.field, fallback, None)
    if value is None or callable(value):
        return ""
    return _plainly(value)


def _plainly(value: Any) -> Any:
    """Print a whole number without exponent or decimals, however it was given."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return value  # a date, for instance
    if not math.isfinite(number):
        return ""
    return (
        f"{number:,.0f}".replace(",", "\u202f")
        if number == int(number) and abs(number) < 1e15
        else f"{number:.12f}".rstrip("0")
        if 1e-12 <= abs(number) < 1e-4
        else f"{number:g}"
    )


@register.filter
def lower_bound(field: BoundField) -> Any:
    """Return the smallest value a field takes, "" where it has none."""
    return _bound(field, "min", "min_value")


@register.filter
def upper_bound(field: BoundField) -> Any:
    """Return the largest value a field takes, "" where it has none."""
    return _bound(field, "max", "max_value")


@register.filter
def has_hint(field: BoundField) -> bool:
    """Return whether anything is printed below the control."""
    return bool(field.help_text) or lower_bound(field) != "" or upper_bound(field) != ""


@register.filter
def control(field: BoundField) -> SafeString:
    """Render the field's widget with its classes, and tie it to its help and its errors."""
    widget = field.field.widget
    css = {"select": "form-select", "checkbox": "form-check-input"}.get(_kind(field), "form-control")
    if field.errors:
        css += " is-invalid"
    attrs: dict[str, Any] = {"class": f"{css} {widget.attrs.get('class', '')}".strip()}
    described_by = [widget.attrs.get("aria-describedby", "")]
    if has_hint(field):
        described_by.append(help_id(field))
    if field.errors:
        described_by.append(error_id(field))
        attrs["aria-invalid"] = "true"
    if described := " ".join(filter(None, described_by)):
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)
