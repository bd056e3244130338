"""The schedule for staff: when what the lab does by itself runs, switched on or off, and run at once."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.decorators import display

from algotrade.jobs.schedule import declared

LONG_AGO = timedelta(days=400)

for _model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(_model)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ModelAdmin):
    """What runs is declared in code; staff decide when, and whether."""

    list_display = ["name", "when", "is_on", "last_run_at", "total_run_count"]
    list_filter = ["enabled"]
    search_fields = ["name", "task"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    ordering = ["name"]
    fields = [
        "name",
        "description",
        "task",
        "enabled",
        "interval",
        "crontab",
        "last_run_at",
        "total_run_count",
    ]
    readonly_fields = ["name", "description", "task", "last_run_at", "total_run_count"]
    actions = ["run_at_next_look"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A declared one would come back with the next migration; what an older version left may go."""
        known = {periodic.name for periodic in declared()}
        return (obj is None or obj.name not in known) and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @display(description=_("when (UTC)"))
    def when(self, row: PeriodicTask) -> str:
        if row.crontab is not None:
            return str(row.crontab.human_readable)
        return str(row.scheduler or "")

    @display(description=_("on"), boolean=True, ordering="enabled")
    def is_on(self, row: PeriodicTask) -> bool:
        return bool(row.enabled)

    @admin.action(description=_("Run within half a minute"))
    def run_at_next_look(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        """A last run of long ago makes a row due for beat and for the embedded clock alike."""
        due = queryset.filter(enabled=True).update(last_run_at=_long_ago())
        PeriodicTasks.update_changed()
        said = ngettext("%(count)d task will run.", "%(count)d tasks will run.", due) % {"count": due}
        self.message_user(request, said, messages.SUCCESS if due else messages.WARNING)


class _ScheduleAdmin(ModelAdmin):
    """Times that tasks may be given. One that a task uses is not deleted, because the task would go with it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        used = obj is not None and obj.periodictask_set.exists()
        return not used and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(_ScheduleAdmin):
    list_display = ["__str__", "every", "period"]


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(_ScheduleAdmin):
    list_display = ["__str__", "human_readable"]
    fields = ["minute", "hour", "day_of_week", "day_of_month", "month_of_year", "timezone"]


def _long_ago() -> datetime:
    return timezone.now() - LONG_AGO
