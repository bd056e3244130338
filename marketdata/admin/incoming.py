"""How bars come in, for staff: imports with their problems, files that wait, feeds that fail."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from algotrade.admin import STATE_COLOURS, ReadOnlyAdmin, RecordAdmin
from algotrade.errors import LabError
from algotrade.templatetags.figures import moment
from marketdata.incoming import feeds
from marketdata.incoming.submissions import forget_upload
from marketdata.models import BarImport, Feed, Upload

SHOWN = 200


class ProblemsFilter(admin.SimpleListFilter):
    """Imports whose file or whose bars had something wrong."""

    title = _("found")
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("problems", _("problems in the file")), ("conflicts", _("contradictions"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BarImport]) -> QuerySet[BarImport]:
        if self.value() == "problems":
            return queryset.filter(problem_count__gt=0)
        return queryset.filter(conflict_count__gt=0) if self.value() == "conflicts" else queryset


@admin.register(BarImport)
class BarImportAdmin(ReadOnlyAdmin):
    list_display = [
        "label",
        "user",
        "source",
        "origin",
        "state",
        "bars_added",
        "bars_changed",
        "problem_count",
        "conflict_count",
        "created_at",
    ]
    list_filter = ["status", "source", ProblemsFilter]
    search_fields = ["symbol", "origin", "user__username"]
    list_select_related = ["user"]
    exclude = ["problems", "conflicts", "settings", "report"]
    readonly_fields = ["settings_table", "report_table", "problem_table", "conflict_table"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BarImport]:
        rows = super().get_queryset(request)
        one = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows if one else rows.summaries()

    @display(description=_("import"), ordering="symbol")
    def label(self, row: BarImport) -> str:
        return f"{row.symbol} {row.timeframe}"

    @display(description=_("status"), ordering="status", label=STATE_COLOURS)
    def state(self, row: BarImport) -> str:
        return row.status

    @display(description=_("settings"))
    def settings_table(self, row: BarImport) -> SafeString:
        return _indented(row.settings)

    @display(description=_("report"))
    def report_table(self, row: BarImport) -> SafeString:
        return _indented(row.report)

    @display(description=_("problems in the file"))
    def problem_table(self, row: BarImport) -> SafeString | str:
        columns = ("line", "column", "value", "reason")
        return _table((_("line"), _("column"), _("value"), _("reason")), columns, row.problems)

    @display(description=_("contradictions"))
    def conflict_table(self, row: BarImport) -> SafeString | str:
        columns = ("time", "column", "stored", "new")
        rows = [conflict | {"time": moment(conflict["time"])} for conflict in row.conflicts[:SHOWN]]
        return _table((_("time (UTC)"), _("column"), _("stored"), _("new")), columns, rows)


@admin.register(Upload)
class UploadAdmin(RecordAdmin):
    list_display = ["name", "user", "size", "created_at"]
    search_fields = ["name", "user__username"]
    list_select_related = ["user"]
    date_hierarchy = None

    def delete_model(self, request: HttpRequest, obj: Upload) -> None:
        self._forget(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        for upload in queryset:
            self._forget(request, upload)

    def _forget(self, request: HttpRequest, upload: Upload) -> None:
        try:
            forget_upload(upload)
        except LabError as error:
            messages.error(request, f"{upload}: {error.detail}")


class FeedStateFilter(admin.SimpleListFilter):
    """Feeds that fail or that are late."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failing", _("failing")), ("due", _("due")), ("off", _("switched off"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feed]) -> QuerySet[Feed]:
        if self.value() == "failing":
            return queryset.filter(failures__gt=0)
        if self.value() == "due":
            return queryset.due(timezone.now())
        return queryset.filter(enabled=False) if self.value() == "off" else queryset


@admin.register(Feed)
class FeedAdmin(ModelAdmin):
    list_display = [
        "series",
        "owner",
        "provider",
        "symbol",
        "every",
        "enabled",
        "last_at",
        "next_at",
        "failures",
    ]
    list_filter = [FeedStateFilter, "provider", "every"]
    search_fields = ["series__symbol", "symbol", "series__user__username"]
    list_select_related = ["series__user"]
    fields = [
        "series",
        "provider",
        "symbol",
        "every",
        "enabled",
        "next_at",
        "last_at",
        "failures",
        "last_error",
    ]
    readonly_fields = ["series", "provider", "last_at", "failures", "last_error"]
    actions = ["refresh_selected"]
    show_full_result_count = False

    @display(description=_("owner"))
    def owner(self, feed: Feed) -> Any:
        return feed.series.user or _("shared")

    @action(description=_("Refresh now"))
    def refresh_selected(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        """Make the chosen feeds due; their own schedule takes them up within a minute."""
        changed = queryset.filter(enabled=True).update(next_at=timezone.now())
        messages.info(request, _("%(count)d feeds are due now.") % {"count": changed})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:
        if obj.every not in Feed.Every.values:
            obj.every = Feed.Every.DAY
        obj.next_at = min(obj.next_at, feeds.next_time(obj, timezone.now()))
        super().save_model(request, obj, form, change)


def _indented(value: Any) -> SafeString:
    """JSON for people: one value a line."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="text-xs whitespace-pre-wrap">{}</pre>', text)


def _table(heads: tuple[Any, ...], columns: tuple[str, ...], rows: list[dict[str, Any]]) -> SafeString | str:
    """A plain table of JSON rows, the first `SHOWN` of them."""
    if not rows:
        return "–"
    head = format_html_join("", '<th class="px-2 text-left">{}</th>', ((word,) for word in heads))
    body = format_html_join(
        "",
        "<tr>{}</tr>",
        (
            (
                format_html_join(
                    "", '<td class="px-2 align-top">{}</td>', ((row.get(name, ""),) for name in columns)
                ),
            )
            for row in rows[:SHOWN]
        ),
    )
    return format_html(
        '<table class="text-sm"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body
    )
