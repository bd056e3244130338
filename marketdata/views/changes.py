"""What is done with a series: described anew, taken back, adjusted, resampled, kept up to date by a feed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from algotrade.errors import InvalidInput
from algotrade.forms import REFUSED, number_in, refusals_on
from marketdata import services
from marketdata.editing import change_series
from marketdata.findings import splits_of
from marketdata.forms.series import FeedForm, FetchForm, ResampleForm, SeriesEditForm, fetching_providers
from marketdata.incoming import deriving, feeds
from marketdata.incoming.settings import DownloadSettings
from marketdata.incoming.submissions import restore_snapshot, submit_fetch
from marketdata.models import BarImport, Feed, Series
from marketdata.presentation import COMMON_TIMEZONES


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, calendar and timezone of an own series."""
    series = _own(request, pk)
    initial = {name: getattr(series, name) for name in ("name", "calendar", "timezone")}
    form = SeriesEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            job = change_series(asker=request.user, series=series, **form.cleaned_data)
            said = _("Saved. The quality is being examined anew.") if job else _("Saved.")
            messages.success(request, said)
            return redirect(series)
    context = {"nav": "data", "series": series, "form": form, "timezones": COMMON_TIMEZONES}
    return render(request, "marketdata/edit.html", context, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an own series back to one of its snapshots."""
    series = _own(request, pk)
    snapshot = series.snapshots.filter(pk=number_in(request.POST.get("snapshot"))).first()
    if snapshot is None:
        raise InvalidInput(_("There is no such snapshot of this series any more. Reload the page."))
    return redirect(restore_snapshot(owner=request.user, series=series, snapshot=snapshot))


@login_required
@require_POST
def adjust_splits(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the series beside this one that is adjusted for the suspected splits, or for the one that was pressed."""
    series = services.get_visible(request.user, pk)
    chosen = request.POST.get("time", "")
    suspected = splits_of(series.current_report())
    splits = [item for item in suspected if not chosen or item["time"] == chosen]
    if not splits:
        raise InvalidInput(_("There is no such suspected split. Reload the page of the series."))
    shared = bool(request.POST.get("shared"))
    return redirect(deriving.adjust_splits(request.user, series, splits, shared=shared))


@login_required
@require_POST
def resample(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the series of a longer timeframe."""
    series = services.get_visible(request.user, pk)
    form = ResampleForm(request.POST, series=series)
    if not form.is_valid():
        raise InvalidInput(_("Choose one of the longer timeframes."))
    shared, wanted = bool(request.POST.get("shared")), form.cleaned_data["timeframe"]
    return redirect(deriving.resample_series(request.user, series, wanted, shared=shared))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def feed(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an own series a feed, or change it; for staff a shared one, too."""
    series = get_object_or_404(Series.objects.kept_by(request.user), pk=pk)
    stored = Feed.objects.filter(series=series).first()
    names = ("provider", "symbol", "every", "enabled")
    initial = {name: getattr(stored, name) for name in names} if stored else _first_feed(series)
    form = FeedForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            if stored:
                feeds.change_feed(user=request.user, feed=stored, **form.cleaned_data)
            else:
                feeds.create_feed(user=request.user, series=series, **form.cleaned_data)
            messages.success(request, _("The feed was saved."))
            return redirect(series)
    context = {
        "nav": "data",
        "series": series,
        "feed": stored,
        "form": form,
        "providers": fetching_providers(),
    }
    return render(request, "marketdata/feed.html", context, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def feed_refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the provider now; with `anew`, for the whole history in place of what is stored."""
    stored = get_object_or_404(Feed.objects.for_user(request.user), series_id=pk)
    ask = feeds.fetch_anew if request.POST.get("anew") else feeds.refresh_now
    return redirect(ask(stored, user=request.user))


@login_required
@require_POST
def feed_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch the feed on or off."""
    stored = get_object_or_404(Feed.objects.for_user(request.user), series_id=pk)
    feeds.change_feed(user=request.user, feed=stored, enabled=request.POST.get("enabled") == "1")
    return redirect(stored.series)


@login_required
@require_POST
def feed_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the feed away. The bars stay."""
    stored = get_object_or_404(Feed.objects.for_user(request.user), series_id=pk)
    feeds.remove_feed(user=request.user, feed=stored)
    messages.success(request, _("The feed was removed. The bars stay."))
    return redirect("marketdata:detail", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fetch(request: HttpRequest) -> HttpResponse:
    """Fetch a series from a provider, and keep it up to date if wanted."""
    form = FetchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            return redirect(submit_fetch(owner=request.user, **form.cleaned_data))
    context: dict[str, Any] = {"nav": "data", "form": form, "providers": fetching_providers()}
    return render(request, "marketdata/fetch.html", context, status=REFUSED if form.errors else 200)


def _own(request: HttpRequest, pk: int) -> Series:
    return get_object_or_404(Series.objects.for_user(request.user), pk=pk)


def _first_feed(series: Series) -> dict[str, str]:
    """What a new feed probably asks for: what was fetched into the series before."""
    fetched = series.imports.filter(source=BarImport.Source.PROVIDER).order_by("-created_at").first()
    asked = DownloadSettings.known(fetched) if fetched else None
    return (
        {"provider": asked.provider, "symbol": asked.provider_symbol} if asked else {"symbol": series.symbol}
    )
