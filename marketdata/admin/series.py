"""Series for staff: which are complete and fresh, imports for everybody, snapshots and bars to look at."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from algotrade.admin import ReadOnlyAdmin
from algotrade.errors import LabError
from algotrade.forms import number_in
from algotrade.templatetags.figures import integer, moment
from marketdata import findings, services
from marketdata.editing import store_changes, submit_examination
from marketdata.forms.common import calendar_choices, timeframe_choices
from marketdata.models import MarketData, Series, Snapshot

PLACES_SHOWN = 10
NAME_SHOWN = 32
GRADE_COLOURS = {"good": "success", "fair": "warning", "poor": "danger", "empty": "default"}


class TimeframeFilter(admin.SimpleListFilter):
    """Timeframes by name; no query is needed to list them."""

    title = _("timeframe")
    parameter_name = "timeframe"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return timeframe_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Series]) -> QuerySet[Series]:
        return queryset.filter(timeframe=self.value()) if self.value() else queryset


class SharedFilter(admin.SimpleListFilter):
    """Whose series."""

    title = _("visible to")
    parameter_name = "shared"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("everybody")), ("0", _("its owner"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Series]) -> QuerySet[Series]:
        return queryset.filter(user__isnull=self.value() == "1") if self.value() in {"0", "1"} else queryset


class CoverageFilter(admin.SimpleListFilter):
    """How complete a series is."""

    title = _("coverage")
    parameter_name = "coverage"
    bands = (
        ("full", _("98 % and more"), 0.98, 2.0),
        ("some", _("90 % to 98 %"), 0.9, 0.98),
        ("few", _("below 90 %"), -1.0, 0.9),
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, label, _low, _high in self.bands]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Series]) -> QuerySet[Series]:
        for name, _label, low, high in self.bands:
            if self.value() == name:
                return queryset.filter(coverage__gte=low, coverage__lt=high)
        return queryset


class DamagedFilter(admin.SimpleListFilter):
    """Snapshots whose file was lost."""

    title = _("file")
    parameter_name = "damaged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("damaged")), ("0", _("whole"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Snapshot]) -> QuerySet[Snapshot]:
        if self.value() not in {"0", "1"}:
            return queryset
        return queryset.filter(damaged_at__isnull=self.value() == "0")


@admin.register(Series)
class SeriesAdmin(ModelAdmin):
    list_display = [
        "what",
        "source",
        "adjustment",
        "owner_label",
        "bars",
        "last_bar",
        "coverage_label",
        "quality_label",
    ]
    list_filter = [TimeframeFilter, SharedFilter, "quality_grade", CoverageFilter, "source"]
    search_fields = ["symbol", "name", "user__username", "user__email"]
    list_select_related = ["user"]
    show_full_result_count = False
    autocomplete_fields = ["user"]
    fields = [
        "symbol",
        "name",
        "user",
        "calendar",
        "timezone",
        "timeframe",
        "source",
        "adjustment",
        "derived_from",
        "coverage_label",
        "report",
    ]
    readonly_fields = [
        "symbol",
        "timeframe",
        "source",
        "adjustment",
        "derived_from",
        "coverage_label",
        "report",
    ]
    actions = ["examine_selected"]
    actions_list = ["import_file"]

    @display(description=_("series"), ordering="symbol", header=True)
    def what(self, series: Series) -> tuple[str, str]:
        """Symbol and timeframe, and below them the name: a column of its own would push the quality off the screen."""
        return f"{series.symbol} {series.timeframe}", Truncator(series.name).chars(NAME_SHOWN)

    @display(description=_("owner"), ordering="user__username")
    def owner_label(self, series: Series) -> Any:
        return series.user or _("shared")

    @display(description=_("bars"), ordering="bar_count")
    def bars(self, series: Series) -> str:
        return integer(series.bar_count)

    @display(description=_("last bar (UTC)"), ordering="last_time")
    def last_bar(self, series: Series) -> str:
        return moment(series.last_time) if series.last_time else "–"

    @display(description=_("coverage"), ordering="coverage")
    def coverage_label(self, series: Series) -> str:
        return "–" if series.coverage is None else f"{series.coverage:.2%}"

    @display(description=_("quality"), ordering="quality_grade", label=GRADE_COLOURS)
    def quality_label(self, series: Series) -> str:
        return series.quality_grade

    @display(description=_("quality report"))
    def report(self, series: Series) -> Any:
        """What was found, kind by kind, and the weightiest places of each."""
        found = findings.groups(series.current_report())
        if not found:
            return "–"
        return format_html_join(
            "",
            "<p><strong>{}</strong>: {}</p><ul>{}</ul>",
            (
                (
                    group.label,
                    group.count,
                    format_html_join(
                        "",
                        "<li>{} {}</li>",
                        ((item.get("time", ""), item.get("text", "")) for item in group.items[:PLACES_SHOWN]),
                    ),
                )
                for group in found
            ),
        )

    @action(description=_("Examine the quality anew"))
    def examine_selected(self, request: HttpRequest, queryset: QuerySet[Series]) -> None:
        """Queue one job for each chosen series."""
        count = 0
        for series in queryset.with_bars():
            submit_examination(request.user, series)
            count += 1
        messages.info(request, _("%(count)d examinations were queued.") % {"count": count})

    def save_model(self, request: HttpRequest, obj: Series, form: Any, change: bool) -> None:
        store_changes(request.user, obj, form.changed_data)

    @action(description=_("Import a file"), url_path="import-file", permissions=["import_file"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """The wizard of the pages, with the bars shared with everybody."""
        return redirect(f"{reverse('marketdata:import')}?shared=1")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "calendar":
            choices = calendar_choices()
            return forms.ChoiceField(
                label=_("Trading calendar"), choices=choices, widget=UnfoldAdminSelectWidget(choices=choices)
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_import_file_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("marketdata.add_series")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Series) -> None:
        services.delete_series(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Series]) -> None:
        for series in queryset:
            services.delete_series(series)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the series alone: listing each of its bars would load millions of rows."""
        listed = [f"{series}: {series.bar_count} bars" for series in objs]
        return listed, {str(_("series")): len(listed)}, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except LabError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(reverse("admin:marketdata_series_changelist"))


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = [
        "series",
        "bar_count",
        "first_time",
        "last_time",
        "short_sha256",
        "damaged_at",
        "created_at",
    ]
    list_filter = [DamagedFilter]
    search_fields = ["sha256", "series__symbol"]
    list_select_related = ["series"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Snapshot]:
        return super().get_queryset(request).defer("quality")

    @display(description=_("fingerprint"))
    def short_sha256(self, snapshot: Snapshot) -> str:
        return snapshot.sha256[:12]


class ChosenSeriesFilter(admin.SimpleListFilter):
    """One series. Without a choice no bar is shown: there may be millions."""

    title = _("series")
    parameter_name = "series"
    offered = 200

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        series = Series.objects.with_bars().select_related("user")[: self.offered]
        return [(str(item.pk), f"{item} ({item.user or item.source})") for item in series]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MarketData]) -> QuerySet[MarketData]:
        chosen = number_in(self.value())
        if chosen is None:
            return queryset.none()
        return queryset.filter(series_id=chosen).order_by("timestamp")


@admin.register(MarketData)
class MarketDataAdmin(ReadOnlyAdmin):
    """Bars of one series, chosen in the filter. All bars at once are never counted or walked through."""

    list_display = ["symbol", "timestamp", "open", "high", "low", "close", "volume"]
    list_per_page = 100
    ordering = ["series", "timestamp"]
    list_filter = [ChosenSeriesFilter]
