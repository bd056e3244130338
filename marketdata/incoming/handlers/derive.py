"""Derived series: the handler that makes the bars of one, in blocks, so that memory does not grow."""

from __future__ import annotations

import contextlib
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from algotrade.jobs.errors import JobCancelled
from algotrade.templatetags.figures import integer
from marketdata.columns import ColumnFiles, Columns
from marketdata.errors import NoBars, SeriesNotFound
from marketdata.incoming import deriving
from marketdata.incoming.handlers.preparing import (
    PreparedImport,
    closing_on_error,
    import_of,
    prepare_import,
    scaled,
)
from marketdata.incoming.settings import DerivationSettings
from marketdata.models import Series
from marketdata.recipes import Recipe, Resample, read_recipe
from marketdata.resample import resample_columns
from marketdata.splits import adjust
from marketdata.store import opening
from marketdata.store.leases import Progress
from marketdata.store.merging import WHOLE

MADE = 0.4
"""How far a making is when the bars are computed; the rest is storing them."""


def derive(context: JobContext) -> PreparedImport:
    """Make the bars of a derived series from what its source holds now, in the place of all that it held."""
    row = import_of(context)
    asked = DerivationSettings.of(row)
    source = Series.objects.filter(pk=asked.made_from).first()
    if source is None:
        raise SeriesNotFound(
            _("The series that this one is made from was deleted; what was made is kept as it is.")
        )
    deriving.refuse_occupied(asked.find(row.user_id))
    snapshot = opening.current_snapshot(source)
    resources = contextlib.ExitStack()
    with closing_on_error(resources):
        columns = opening.open_columns(snapshot)
        resources.callback(columns.close)
        into = resources.enter_context(ColumnFiles(opening.drafts_folder()))
        report = _make(asked.recipe, source, columns, into, scaled(context.progress, 0.0, MADE))
        if not len(into):
            raise NoBars(_nothing(source, report))
        return prepare_import(
            row,
            into,
            progress=scaled(context.progress, MADE, 1.0),
            overlap=WHOLE,
            report=report | {"made_from": snapshot.sha256},
            resources=resources,
            made_from=source.pk,
            after=lambda series: _follow(series, source.pk, asked.recipe, snapshot.sha256, context.job_id),
        )


def _make(
    recipe: Recipe, source: Series, columns: Columns, into: ColumnFiles, progress: Progress
) -> dict[str, Any]:
    """Write the bars that a recipe makes; return what became of those of the source."""
    said = _("Computing from %(count)s bars") % {"count": integer(len(columns))}
    if isinstance(recipe, Resample):
        told = resample_columns(
            columns,
            into,
            recipe.timeframe,
            source_timeframe=source.timeframe,
            calendar=source.calendar,
            progress=lambda done: progress(done, said),
        )
        return {"rows_read": len(columns), **told.to_dict()}
    for first, block in adjust(columns, recipe.to_splits()):
        into.append(**block)
        progress(first / len(columns), said)
    return {"rows_read": len(columns), "made": len(into), "splits": len(recipe.splits)}


def _follow(series: Series, source_id: int, recipe: Recipe, made_from: str, job_id: str) -> None:
    """Say what the series is made from; in the transaction that stores its bars, which locks both series."""
    source = Series.objects.select_for_update(no_key=True).filter(pk=source_id).first()
    if source is None:
        raise SeriesNotFound(
            _("The series that this one is made from was deleted; what was made is kept as it is.")
        )
    before = series.recipe.get("made_from") if series.derived_from_id == source.pk else None
    if source.content_sha256 != made_from:
        if before == source.content_sha256 and read_recipe(series.recipe) == recipe:
            raise JobCancelled(job_id)  # a later job was quicker: what it made is newer
        transaction.on_commit(lambda: deriving.refresh_derived(source), robust=True)
    series.derived_from = source
    series.recipe = {**recipe.to_dict(), "made_from": made_from}
    series.save(update_fields=["derived_from", "recipe", "updated_at"])


def _nothing(source: Series, report: dict[str, Any]) -> str:
    if report.get("left_out"):
        return _(
            "None of the %(count)d bars of %(series)s lies in a session of its calendar (%(calendar)s). Choose the "
            "calendar of its market."
        ) % {"count": report["rows_read"], "series": source, "calendar": source.calendar_label}
    return _("The bars of %(series)s do not complete a single longer one yet.") % {"series": source}
