"""Pages about imports: one on its way or ended, its problems as a file, and all of them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from algotrade.jobs.models import Job
from marketdata.exports import problems_response
from marketdata.models import BarImport

PAGE_SIZE = 25
REPAIR_WORDS = {
    "sort": _("rows moved to their place in time"),
    "drop_exact_duplicates": _("exact duplicates left out"),
}
LASTING = frozenset(
    {
        "bars_conflict",
        "bars_overlap",
        "file_invalid",
        "file_too_large",
        "history_changed",
        "import_unreadable",
        "series_derived",
        "synthetic_invalid",
        "upload_gone",
    }
)
"""Codes of failures that the same bytes, or the same question, meet again however often they are tried."""


@login_required
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """Everything that came in, or tried to."""
    rows = BarImport.objects.for_user(request.user).summaries().select_related("series", "job")
    status = request.GET.get("status", "")
    if status in Job.State.values:
        rows = rows.filter(status=status)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "nav": "data",
        "page_obj": page,
        "status": status,
        "states": Job.State.choices,
        "any_active": any(row.is_active for row in page),
    }
    return render(request, "marketdata/imports/list.html", context)


@login_required
@require_safe
def import_status(request: HttpRequest, pk: int) -> HttpResponse:
    """An import on its way: live progress, then its report and what can be done next."""
    rows = BarImport.objects.for_user(request.user).select_related("job", "series", "upload")
    item = get_object_or_404(rows, pk=pk)
    template = "marketdata/imports/_import.html" if request.htmx else "marketdata/imports/detail.html"
    return render(request, template, {"nav": "data", "item": item, **_ended(item)})


@login_required
@require_safe
def problems_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The located problems of an import's file, as a file of their own."""
    item = get_object_or_404(BarImport.objects.for_user(request.user), pk=pk)
    return problems_response(item)


def _ended(item: BarImport) -> dict[str, Any]:
    """What the page of an ended import adds to its row."""
    report: dict[str, Any] = item.report or {}
    headline = item.error_detail.splitlines()[0] if item.error_detail else ""
    return {
        "report": report,
        "repairs": [(REPAIR_WORDS.get(name, name), count) for name, count in _repairs(report)],
        "headline": headline,
        "can_try_again": item.job is not None and not item.is_succeeded and item.error_code not in LASTING,
        "can_read_again": item.source == BarImport.Source.FILE and item.upload is not None,
    }


def _repairs(report: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted((report.get("repairs") or {}).items())
