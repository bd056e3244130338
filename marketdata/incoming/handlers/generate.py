"""Synthetic series: the handler that makes the bars of a stored specification."""

from __future__ import annotations

from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from algotrade.templatetags.figures import integer
from marketdata.columns import BarsColumns
from marketdata.incoming.handlers.preparing import PreparedImport, import_of, prepare_import, scaled
from marketdata.incoming.settings import GenerationSettings
from marketdata.synthetic import generate as generate_bars

MADE = 0.3
"""How far a generation is when its bars are made; the rest is storing them."""


def generate(context: JobContext) -> PreparedImport:
    """Make the bars and store them."""
    row = import_of(context)
    asked = GenerationSettings.of(row)
    context.progress(0.05, _("Generating %(count)s bars") % {"count": integer(asked.spec.bars)})
    return prepare_import(
        row,
        BarsColumns(generate_bars(asked.spec)),
        progress=scaled(context.progress, MADE, 1.0),
        overlap=asked.overlap,
    )
