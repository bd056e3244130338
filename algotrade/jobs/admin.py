"""The job queue for staff: what waits, what runs where, what failed and why; cancel and requeue."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from algotrade.admin import STATE_COLOURS, ReadOnlyAdmin
from algotrade.errors import LabError
from algotrade.jobs import admin_schedule, services
from algotrade.jobs.advice import advice_for
from algotrade.jobs.models import Job, Worker

__all__ = ["JobAdmin", "WorkerAdmin", "admin_schedule"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = [
        "title",
        "owner",
        "kind",
        "state_label",
        "percent",
        "attempt",
        "error_code",
        "created_at",
        "worker",
    ]
    list_filter = ["state", "kind", "error_code", "created_at"]
    search_fields = ["title", "owner__username", "owner__email", "error_detail", "id"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"
    actions = ["cancel_jobs", "requeue_jobs"]
    readonly_fields = ["advice"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return super().get_queryset(request).defer("payload", "timings")

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def state_label(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("progress"), ordering="progress")
    def percent(self, job: Job) -> str:
        return f"{job.progress:.0%}"

    @display(description=_("what to do"))
    def advice(self, job: Job) -> str:
        found = advice_for(job.error_code)
        return str(found.text) if found else ""

    @admin.action(description=_("Cancel"))
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, services.request_cancel, _("cancelled"))

    @admin.action(description=_("Queue again"))
    def requeue_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, services.requeue, _("queued again"))

    def _each(self, request: HttpRequest, queryset: QuerySet[Job], change, done: str) -> None:
        changed = 0
        for job in queryset:
            try:
                change(job)
                changed += 1
            except LabError as error:
                self.message_user(request, f"{job.title}: {error.detail}", messages.WARNING)
        self.message_user(request, _("%(count)d jobs %(done)s.") % {"count": changed, "done": done})


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["name", "places", "busy", "is_up", "seen_at", "started_at"]

    @display(description=_("alive"), boolean=True)
    def is_up(self, worker: Worker) -> bool:
        return worker.is_alive
