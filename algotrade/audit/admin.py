"""The audit log for staff: filtered, searched, exported, and never changed."""

import json
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter
from unfold.decorators import display

from algotrade.admin import ReadOnlyAdmin
from algotrade.audit.models import Entry
from algotrade.csv_files import csv_response

COLUMNS = (
    "at",
    "action",
    "actor_id",
    "actor_name",
    "target_kind",
    "target_id",
    "target_name",
    "via",
    "address",
    "request_id",
    "detail",
)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Every member of staff sees it: who watches the watchers has to be many."""

    list_display = ["when", "actor", "said", "target_name", "via", "from_where"]
    list_filter = [
        ("action", ChoicesDropdownFilter),
        "at",
        ("actor_name", FieldTextFilter),
        ("via", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    date_hierarchy = "at"
    search_fields = ["actor_name", "target_name", "target_id", "address", "request_id"]
    list_per_page = 50
    actions = ["export_csv"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return bool(request.user.is_staff)

    @display(description=_("time (UTC)"), ordering="at")
    def when(self, entry: Entry) -> str:
        return f"{entry.at:%Y-%m-%d}\N{NO-BREAK SPACE}{entry.at:%H:%M:%S}"

    @display(description=_("who"), ordering="actor_name")
    def actor(self, entry: Entry) -> str:
        return entry.actor_name or "–"

    @display(description=_("did what"), ordering="action")
    def said(self, entry: Entry) -> str:
        return entry.get_action_display()

    @display(description=_("address"), ordering="address")
    def from_where(self, entry: Entry) -> str:
        return entry.address or "–"

    @admin.action(description=_("Export as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Entry]) -> StreamingHttpResponse:
        return csv_response(f"audit-log-{timezone.now():%Y-%m-%d}", COLUMNS, _rows(queryset))


def _rows(entries: QuerySet[Entry]) -> Iterator[list[Any]]:
    for row in entries.values(*COLUMNS).iterator(chunk_size=500):
        detail = json.dumps(row["detail"], ensure_ascii=False) if row["detail"] else ""
        yield [row["at"].isoformat(), *(row[name] for name in COLUMNS[1:-1]), detail]
