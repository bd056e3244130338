"""Sorting rows of which some have no value: those come last, whichever way and on every database."""

from django.db.models import F, Model
from django.db.models.expressions import OrderBy


def nulls_last(model: type[Model], key: str) -> OrderBy:
    """The order for a column's name, "-" before it for downwards."""
    column = key.removeprefix("-")
    # Only where there can be nulls: no index serves an order that names their place.
    last = {"nulls_last": True} if model._meta.get_field(column).null else {}
    return F(column).desc(**last) if key.startswith("-") else F(column).asc(**last)
