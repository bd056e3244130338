"""The series that holds the same symbol from the same source in the other form, published or adjusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from marketdata.columns import Columns
from marketdata.errors import NoBars, SnapshotDamaged
from marketdata.models import Series
from marketdata.store.opening import current_snapshot, open_columns


def sibling_of(series: Series) -> Series | None:
    """Return the published series of an adjusted one, or the fullest adjusted one of a published one.

    A series that was computed from another agrees with it by its making: such ones are not compared.
    """
    if series.is_derived:
        return None
    kinds = Series.Adjustment
    found = Series.objects.filter(
        user=series.user_id,
        symbol=series.symbol,
        timeframe=series.timeframe,
        source=series.source,
        derived_from=None,
        bar_count__gt=0,
    ).exclude(pk=series.pk)
    if series.adjustment == kinds.NONE:
        return found.exclude(adjustment=kinds.NONE).order_by("-bar_count", "pk").first()
    return found.filter(adjustment=kinds.NONE).first()


@contextmanager
def compared_with(series: Series) -> Iterator[tuple[Columns | None, Columns | None]]:
    """Give the open bars of the sibling: (published, None) or (None, adjusted); two Nones when there is none."""
    sibling = sibling_of(series)
    try:
        columns = None if sibling is None else open_columns(current_snapshot(sibling))
    except (NoBars, SnapshotDamaged):  # its own page says so; this series can do without
        columns = None
    try:
        yield (columns, None) if series.adjustment != Series.Adjustment.NONE else (None, columns)
    finally:
        if columns is not None:
            columns.close()
