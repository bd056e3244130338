"""Feeds: keeping series up to date from a provider, by themselves and when asked.

A feed belongs to whoever may change its series: the owner of an own series, staff for a shared one. Each refresh is an
import like any other (`BarImport` from a provider), with its job, report and conflicts; `handlers.download` carries it
out. When the job ends, `follow` writes to the feed how it went.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput, LabError, NotAllowed, nearest
from algotrade.jobs.models import Job
from algotrade.jobs.querysets import lock_owner
from marketdata.errors import FeedBusy, FeedNotFound, FeedRefused
from marketdata.incoming.settings import DownloadSettings
from marketdata.incoming.submissions import keeper_of, submit_settings
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, Feed, Series
from marketdata.providers import get_provider

logger = logging.getLogger(__name__)

PERIODS = {
    Feed.Every.QUARTER_HOUR: dt.timedelta(minutes=15),
    Feed.Every.HOUR: dt.timedelta(hours=1),
    Feed.Every.DAY: dt.timedelta(days=1),
    Feed.Every.WEEK: dt.timedelta(weeks=1),
}
FIRST_RETRY = dt.timedelta(minutes=5)
LONGEST_RETRY = dt.timedelta(days=1)
RETRY_SPREAD = 0.1
"""After the first failure a feed waits 5 minutes, then twice as long each time, at most a day; up to a tenth more, so
that feeds which failed together do not come back together."""

BATCH = 200
"""Feeds that one look queues at most; the next look, a minute later, takes the others."""

LONGEST_SYMBOL = 64


def create_feed(
    *, user: Any, series: Series, provider: str, symbol: str, every: str = "1d", enabled: bool = True
) -> Feed:
    """Give a series a feed. Its first refresh is due at once; nothing is asked of the provider before.

    InvalidInput names by field (provider, symbol, every) what cannot be used. A provider whose package or key is not
    there is accepted: its refreshes fail with the reason until that is mended.
    """
    _require_editor(user, series)
    if series.is_derived:
        raise FeedRefused(
            _("%(series)s is computed from another series. Give that one a feed, and this one follows.")
            % {"series": series}
        )
    feed = Feed(series=series, enabled=enabled)
    _describe(feed, provider, symbol, every)
    with transaction.atomic():
        Series.objects.select_for_update(no_key=True).get(pk=series.pk)
        if Feed.objects.filter(series=series).exists():
            raise FeedRefused(_("%(series)s has a feed already. Change that one.") % {"series": series})
        feed.save()
    return feed


def change_feed(
    *,
    user: Any,
    feed: Feed,
    provider: str | None = None,
    symbol: str | None = None,
    every: str | None = None,
    enabled: bool | None = None,
) -> Feed:
    """Change what is given and forget earlier failures; a feed that was switched on or repaired is due at once."""
    _require_editor(user, feed.series)
    with transaction.atomic():
        feed = _locked(feed)
        before = (feed.provider, feed.symbol, feed.enabled)
        _describe(
            feed,
            feed.provider if provider is None else provider,
            feed.symbol if symbol is None else symbol,
            feed.every if every is None else every,
        )
        feed.enabled = feed.enabled if enabled is None else enabled
        if (feed.provider, feed.symbol, feed.enabled) != before:
            feed.failures, feed.last_error, feed.next_at = 0, "", timezone.now()
        else:
            feed.next_at = min(feed.next_at, next_time(feed, timezone.now()))
        feed.save()
    return feed


def remove_feed(*, user: Any, feed: Feed) -> None:
    """Take the feed away; the bars stay, and a refresh that runs ends as it would."""
    _require_editor(user, feed.series)
    feed.delete()


def refresh_now(feed: Feed, *, user: Any) -> BarImport:
    """Queue a refresh at once, whether it is due or not. FeedBusy when bars are already on their way."""
    _require_editor(user, feed.series)
    return _refresh(feed, user)


def fetch_anew(feed: Feed, *, user: Any) -> BarImport:
    """Queue a download of the whole history that takes the place of every stored bar of its period.

    This is the answer to `HistoryChanged`: after a split or a dividend the provider's whole history differs. What the
    series held before stays in its snapshots.
    """
    _require_editor(user, feed.series)
    return _refresh(feed, user, anew=True)


def refresh_due(moment: dt.datetime | None = None) -> int:
    """Queue one refresh for each feed that is due at `moment`; returns how many. Safe to call from several processes.

    What keeps one feed from being queued is written to that feed and does not keep the others.
    """
    moment = moment or timezone.now()
    queued = 0
    for feed in Feed.objects.due(moment)[:BATCH]:
        try:
            queued += _refresh_if_due(feed, moment)
        except DatabaseError:
            raise
        except LabError as error:
            _record_failure(feed.pk, error.detail, moment)
        except Exception:
            logger.exception("Feed %s could not be queued", feed.pk)
            _record_failure(
                feed.pk, _("Something went wrong inside the lab; the log has the details."), moment
            )
    return queued


def follow(job: Job) -> None:
    """Write to the feed how its refresh ended; call it in the transaction that ends the job of any download."""
    row = BarImport.objects.filter(job=job).only("settings", "report").first()
    asked = DownloadSettings.known(row) if row else None
    if row is None or asked is None or asked.feed is None:
        return
    pk = asked.feed
    moment = job.finished_at or timezone.now()
    if job.state == Job.State.SUCCEEDED:
        Feed.objects.filter(pk=pk).update(failures=0, last_error="", last_at=moment)
    elif job.state == Job.State.FAILED:
        wait = row.report.get("retry_after_seconds")
        _record_failure(pk, job.error_detail, moment, wait_seconds=wait)


def next_time(feed: Feed, moment: dt.datetime) -> dt.datetime:
    """Return when the feed is due after `moment`: whole periods after it was made, so that it keeps its time of day."""
    every = PERIODS[Feed.Every(feed.every)]
    passed = (moment - feed.created_at) // every
    return feed.created_at + (passed + 1) * every


def retry_delay(failures: int) -> dt.timedelta:
    """Return how long a feed waits after so many failures in a row, without the random tenth."""
    doublings = min(max(failures, 1) - 1, 20)
    return min(FIRST_RETRY * 2**doublings, LONGEST_RETRY)


def _refresh_if_due(feed: Feed, moment: dt.datetime) -> bool:
    user = keeper_of(feed.series)
    if user is None:
        raise FeedRefused(_("No active member of staff is there to refresh a shared series for."))
    with transaction.atomic():
        lock_owner(user.pk)  # before the feed: the end of a download goes the same way
        current = _rows().filter(pk=feed.pk).due(moment).first()
        if current is None:  # another process was first, or it was switched off or removed
            return False
        if _is_busy(current.series_id):
            return False  # looked at again in a minute
        _queue(current, user, moment)
    return True


def _refresh(feed: Feed, user: Any, *, anew: bool = False) -> BarImport:
    with transaction.atomic():
        lock_owner(user.pk)  # before the feed: the end of a download goes the same way
        current = _locked(feed)
        if _is_busy(current.series_id):
            raise FeedBusy(
                _("Bars of %(series)s are already on their way. Wait for that download to end.")
                % {"series": current.series}
            )
        return _queue(current, user, timezone.now(), anew=anew)


def _queue(feed: Feed, user: Any, moment: dt.datetime, *, anew: bool = False) -> BarImport:
    """Queue a refresh and set when the next one is due; the caller holds the feed's row."""
    series = feed.series
    overlap = BarImport.Overlap.REPLACE if anew else BarImport.Overlap.EXTEND
    settings = DownloadSettings(
        key=SeriesKey.of(series),
        shared=series.is_shared,
        provider=feed.provider,
        provider_symbol=feed.symbol,
        overlap=overlap.value,
        incremental=not anew,
        feed=feed.pk,
    )
    row = submit_settings(owner=user, settings=settings, origin=feed.provider, series=series)
    Feed.objects.filter(pk=feed.pk).update(next_at=next_time(feed, moment))
    return row


def _rows() -> Any:
    """Feeds with their series, to be held until the transaction ends."""
    return Feed.objects.select_related("series__user").select_for_update(of=("self",))


def _locked(feed: Feed) -> Feed:
    current = _rows().filter(pk=feed.pk).first()
    if current is None:
        raise FeedNotFound(_("This feed was removed in the meantime."))
    return current


def _is_busy(series_id: int) -> bool:
    return BarImport.objects.filter(
        series_id=series_id, source=BarImport.Source.PROVIDER, status__in=Job.ACTIVE
    ).exists()


def _record_failure(pk: int, reason: str, moment: dt.datetime, *, wait_seconds: float | None = None) -> None:
    """Count a failure and put the feed off: longer each time, and at least as long as the provider asked for."""
    feed = Feed.objects.filter(pk=pk).first()
    if feed is None:
        return
    failures = feed.failures + 1
    delay = retry_delay(failures) * (1.0 + RETRY_SPREAD * random.random())
    if wait_seconds:
        delay = max(delay, min(dt.timedelta(seconds=wait_seconds), LONGEST_RETRY))
    Feed.objects.filter(pk=pk).update(
        failures=failures, last_error=reason, last_at=moment, next_at=moment + delay
    )


def _require_editor(user: Any, series: Series) -> None:
    if not series.is_kept_by(user):
        raise NotAllowed(_("Only the owner of a series can refresh it; a shared one, only staff."))


def _describe(feed: Feed, provider: str, symbol: str, every: str) -> None:
    """Put checked values into the feed."""
    feed.provider, feed.symbol, feed.every = provider, symbol.strip(), every
    problems: dict[str, list[str]] = {}
    try:
        get_provider(provider)().require_timeframe(feed.series.timeframe)
    except LabError as error:
        problems["provider"] = [error.detail]
    if not feed.symbol or len(feed.symbol) > LONGEST_SYMBOL or not feed.symbol.isprintable():
        problems["symbol"] = [
            _("Give the symbol as the provider writes it, in at most %(count)d characters.")
            % {"count": LONGEST_SYMBOL}
        ]
    if every not in Feed.Every.values:
        problems["every"] = [nearest(every, Feed.Every.values)]
    if problems:
        raise InvalidInput(fields=problems)
