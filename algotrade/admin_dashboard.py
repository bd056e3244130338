"""The admin's first page and its navigation: what staff want to know, from a few bounded queries."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from algotrade.jobs.models import Job, Worker
from marketdata.models import Series

ROWS = 6
STORAGE_SECONDS = 300
# What staff look for first, in their words: group, then (model, icon of the admin's symbol font).
SIDEBAR = (
    (
        gettext_lazy("People"),
        (
            ("accounts.User", "group"),
            ("auth.Group", "shield_person"),
            ("accounts.ApiToken", "key"),
            ("audit.Entry", "policy"),
        ),
    ),
    (
        gettext_lazy("Work"),
        (
            ("jobs.Job", "schedule"),
            ("jobs.Worker", "memory"),
            ("django_celery_beat.PeriodicTask", "event_repeat"),
        ),
    ),
    (
        gettext_lazy("Research"),
        (
            ("strategies.Strategy", "tactic"),
            ("backtests.BacktestResult", "monitoring"),
            ("mlmodels.MLModel", "model_training"),
        ),
    ),
    (
        gettext_lazy("Market data"),
        (
            ("marketdata.Series", "candlestick_chart"),
            ("marketdata.BarImport", "upload_file"),
            ("marketdata.Feed", "update"),
            ("marketdata.Upload", "draft"),
            ("marketdata.Snapshot", "photo_camera"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar: each model that is registered and that this person may see."""
    groups = [
        {"title": "", "items": [_item(_("Overview"), "dashboard", reverse("admin:index"))]},
    ]
    for title, models in SIDEBAR:
        items = []
        for label, icon in models:
            model = apps.get_model(label)
            if _may_view(request, model):
                title_of_list = capfirst(str(model._meta.verbose_name_plural))
                items.append(_item(title_of_list, icon, _list_url(model)))
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    groups.append(
        {
            "title": "",
            "separator": True,
            "items": [_item(_("Back to the lab"), "arrow_back", "/", active=False)],
        }
    )
    return groups


def _may_view(request: HttpRequest, model: Any) -> bool:
    registered = admin.site.is_registered(model)
    return registered and admin.site.get_model_admin(model).has_view_permission(request)


def _item(title: str, icon: str, link: str, **options: Any) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link, **options}


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What `templates/admin/index.html` shows besides the list of models."""
    now = timezone.now()
    context["title"] = _("Overview")
    # Staff see the figures of what they may list, and no others.
    sees = {model: _may_view(request, model) for model in (User, Worker, Job, Series)}
    cards = [(User, lambda: _people(now)), (Worker, _workers), (Job, lambda: _jobs(now))]
    context["cards"] = [card() for model, card in cards if sees[model]] + [_storage()]
    context["failures"] = _failures(now) if sees[Job] else None
    context["freshness"] = _freshness(now) if sees[Series] else None
    return context


def _people(now: datetime) -> dict[str, str]:
    counts = User.objects.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        recent=Count("pk", filter=Q(is_active=True, last_login__gte=now - timedelta(days=7))),
        off=Count("pk", filter=Q(is_active=False)),
    )
    return {
        "title": _("Users"),
        "value": str(counts["active"]),
        "note": _("%(recent)d logged in this week, %(off)d switched off") % counts,
        "link": _list_url(User),
    }


def _workers() -> dict[str, str]:
    alive = list(Worker.objects.alive().values_list("places", "busy"))
    places, busy = sum(row[0] for row in alive), sum(row[1] for row in alive)
    note = _("%(busy)d of %(places)d places busy") % {"busy": busy, "places": places}
    return {
        "title": _("Workers alive"),
        "value": str(len(alive)),
        "note": note if alive else _("No job can run: start a worker."),
        "link": _list_url(Worker),
    }


def _jobs(now: datetime) -> dict[str, str]:
    # Bounded on purpose: what is unfinished, and one day of what is finished. The table may hold millions.
    recent = Job.objects.filter(Q(state__in=Job.ACTIVE) | Q(created_at__gte=now - timedelta(days=1)))
    counts = dict(recent.order_by().values_list("state").annotate(Count("pk")))
    done = ", ".join(
        f"{counts.get(state, 0)} {Job.State(state).label}" for state in (Job.State.QUEUED, *Job.TERMINAL)
    )
    running = counts.get(Job.State.RUNNING, 0)
    return {
        "title": _("Jobs running"),
        "value": str(running),
        "note": _("In the last day: %(counts)s") % {"counts": done},
        "link": _list_url(Job),
    }


def _storage() -> dict[str, str]:
    def measure() -> tuple[int, int]:
        return _database_bytes(), _folder_bytes(Path(settings.MEDIA_ROOT))

    database, files = cache.get_or_set("admin-storage", measure, STORAGE_SECONDS)
    sizes = {"database": filesizeformat(database), "files": filesizeformat(files)}
    return {
        "title": _("Storage used"),
        "value": filesizeformat(database + files),
        "note": _("Database %(database)s, files %(files)s") % sizes,
    }


def _database_bytes() -> int:
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        return path.stat().st_size if path.is_file() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _folder_bytes(folder: Path) -> int:
    total = 0
    for directory, _names, files in os.walk(folder):
        for name in files:
            path = Path(directory, name)
            # A file may go while we look.
            total += path.stat().st_size if path.is_file() else 0
    return total


def _failures(now: datetime) -> dict[str, Any]:
    # By submission too, since that is what the index knows: a job lives a day in the queue at most.
    failed = Job.objects.filter(
        state=Job.State.FAILED,
        created_at__gte=now - timedelta(days=2),
        finished_at__gte=now - timedelta(days=1),
    )
    by_code = failed.order_by().values_list("error_code").annotate(count=Count("pk")).order_by("-count")
    latest = failed.select_related("owner").defer("payload", "timings").order_by("-created_at")
    rows = [
        [_link(Job, job.pk, job.title), job.owner.username, job.error_code, _ago(now, job.finished_at)]
        for job in latest[:ROWS]
    ]
    return {
        "summary": ", ".join(f"{code or '?'}: {count}" for code, count in by_code[:ROWS]),
        "table": {"headers": [_("Job"), _("Owner"), _("Error"), _("Ended")], "rows": rows},
    }


def _freshness(now: datetime) -> dict[str, Any]:
    counts = Series.objects.aggregate(
        series=Count("pk"), empty=Count("pk", filter=Q(bar_count=0)), shared=Count("pk", filter=Q(user=None))
    )
    oldest = Series.objects.filter(last_time__isnull=False).select_related("user").order_by("last_time")
    rows = [
        [
            _link(Series, series.pk, str(series)),
            series.user.username if series.user else _("shared"),
            f"{series.bar_count:,}".replace(",", "\u202f"),
            _ago(now, series.last_time),
        ]
        for series in oldest[:ROWS]
    ]
    return {
        "summary": _("%(series)d series, %(shared)d of them shared, %(empty)d empty") % counts,
        "table": {"headers": [_("Series"), _("Owner"), _("Bars"), _("Last bar")], "rows": rows},
    }


def _ago(now: datetime, moment: datetime) -> str:
    age = now - moment
    if age.days >= 1:
        text = ngettext("%(count)d day ago", "%(count)d days ago", age.days)
        return text % {"count": age.days}
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes >= 60:
        return ngettext("%(count)d hour ago", "%(count)d hours ago", minutes // 60) % {"count": minutes // 60}
    return ngettext("%(count)d minute ago", "%(count)d minutes ago", minutes) % {"count": minutes}


def _list_url(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _link(model: Any, pk: Any, text: str) -> str:
    if not admin.site.is_registered(model):
        return text
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    return format_html('<a href="{}">{}</a>', url, text)
