"""Series that are made from other series: resampled into a longer timeframe, or adjusted for splits.

A derived series follows the one it is made from: when that changes, a job makes it again, and so on down a chain. A
recipe either leads to a longer timeframe or from unadjusted to adjusted prices, so that no chain can lead back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KT
from django.dispatch import receiver
from django.utils.timezone import now
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput
from algotrade.jobs.errors import QueueFull
from algotrade.jobs.models import Job
from marketdata.errors import NoBars, SeriesDerived, SeriesNotFound
from marketdata.incoming.settings import DerivationSettings
from marketdata.incoming.submissions import keeper_of, submit_settings
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, Series
from marketdata.recipes import AdjustSplits, Recipe, Resample, read_recipe
from marketdata.store.signals import content_changed
from marketdata.timeframes import TIMEFRAMES, get_timeframe

logger = logging.getLogger(__name__)

Adjustment = Series.Adjustment
TRIED_AGAIN = timedelta(days=1)
"""How long after a failure the schedule leaves a derived series alone; a change of its source makes it at once."""


def longer_timeframes(series: Series) -> tuple[str, ...]:
    """Return the timeframes that the bars of `series` can be put together into, shortest first."""
    minutes = get_timeframe(series.timeframe).minutes
    return tuple(
        item.name for item in TIMEFRAMES.values() if item.minutes > minutes and item.minutes % minutes == 0
    )


def resample_series(owner: Any, series: Series, timeframe: str, *, shared: bool = False) -> BarImport:
    """Queue the job that makes bars of a longer `timeframe` from those of `series`.

    The new series belongs to `owner`. `shared` makes it everybody's: for staff, from a shared series.

    Raises
    ------
    UnknownTimeframe, InvalidInput
        The timeframe is not listed, or the bars cannot be put together into it.
    SeriesDerived
        A series of the same name is there already and holds bars of its own.
    """
    get_timeframe(timeframe)
    possible = longer_timeframes(series)
    if timeframe not in possible:
        message = _(
            "Bars of %(source)s cannot be put together into %(wanted)s. Choose one of: %(names)s."
        ) % {
            "source": series.timeframe,
            "wanted": timeframe,
            "names": ", ".join(possible) or "–",
        }
        raise InvalidInput(fields={"timeframe": [message]})
    key = replace(SeriesKey.of(series), timeframe=timeframe)
    return _submit(owner, series, key, Resample(timeframe), shared)


def adjust_splits(
    owner: Any, series: Series, splits: Iterable[Mapping[str, Any]], *, shared: bool = False
) -> BarImport:
    """Queue the job that makes a series beside `series` whose earlier prices are adjusted for `splits`.

    Each split is a mapping of "time", the first bar after it, and "ratio", new shares for one old share (4 for four
    to one, 0.1 for one to ten). Further splits, found later in the unadjusted or in the adjusted series, are added to
    those that are known; one at a known time takes the place of the known one. The unadjusted series stays as it is.
    """
    recipe = AdjustSplits.read(splits)
    base = _unadjusted(series)
    key = replace(SeriesKey.of(base), adjustment=Adjustment.SPLITS.value)
    known = key.find(None if shared else owner.pk)
    if known is not None and known.derived_from_id == base.pk:
        earlier = read_recipe(known.recipe)
        if isinstance(earlier, AdjustSplits):
            recipe = earlier.with_more(recipe)
    return _submit(owner, base, key, recipe, shared)


@receiver(content_changed)
def _follow_content(series: Series, **kwargs: Any) -> None:
    refresh_derived(series)


def refresh_derived(series: Series) -> list[BarImport]:
    """Queue a job for each series that is made from `series`; call it on commit of a change of its content.

    One that waits in the queue already will see the new content and is left alone. A full queue is no error: what
    could not be queued is found later by `refresh_stale`.
    """
    return [row for derived in series.derived_set.all() if (row := _refresh(derived, series)) is not None]


def refresh_stale() -> int:
    """Queue a job for each derived series that was not made from what its source holds now; return how many.

    For a schedule: it mends what a crash between a commit and its call of `refresh_derived`, or a full queue, left.
    """
    stale = (
        Series.objects.filter(derived_from__isnull=False)
        .exclude(derived_from__content_sha256="")
        .annotate(made_from=KT("recipe__made_from"))
        .exclude(made_from=F("derived_from__content_sha256"))
        .exclude(pk__in=_attended().values("series"))
        .select_related("derived_from")
    )
    return sum(_refresh(derived, derived.derived_from) is not None for derived in stale)


def refuse_derived(series: Series | None) -> None:
    """Raise `SeriesDerived` when the bars of `series` follow from another series; whoever puts bars in asks this."""
    if series is not None and series.is_derived:
        raise SeriesDerived(
            _("%(series)s is made from another series: change that one, and this one follows.")
            % {"series": series}
        )


def _submit(owner: Any, series: Series, key: SeriesKey, recipe: Recipe, shared: bool) -> BarImport:
    if not Series.objects.visible_to(owner).filter(pk=series.pk).exists():
        raise SeriesNotFound(_("There is no such series among yours or the shared ones."))
    if shared and not series.is_shared:
        message = _("%(series)s is not shared: what is made from it cannot be, either.") % {"series": series}
        raise InvalidInput(fields={"shared": [message]})
    if not series.bar_count:
        raise NoBars(_("%(series)s holds no bars yet. Import some first.") % {"series": series})
    known = key.find(None if shared else owner.pk)
    refuse_occupied(known)
    return _queue(owner, series, key, recipe, shared)


def refuse_occupied(series: Series | None) -> None:
    """Raise `SeriesDerived` when a series that should be derived holds bars that were put into it."""
    if series is not None and not series.is_derived and series.bar_count:
        raise SeriesDerived(
            _(
                "%(series)s is there already and holds bars of its own, which a derived series would replace. "
                "Delete it first, if you do not need it."
            )
            % {"series": series}
        )


def _queue(owner: Any, series: Series, key: SeriesKey, recipe: Recipe, shared: bool) -> BarImport:
    settings = DerivationSettings(key=key, shared=shared, made_from=series.pk, recipe=recipe)
    return submit_settings(owner=owner, settings=settings, origin=str(series))


def _refresh(derived: Series, source: Series) -> BarImport | None:
    """Queue the making of one derived series by its own recipe."""
    waiting = derived.imports.filter(source=BarImport.Source.DERIVED, status=Job.State.QUEUED)
    if waiting.exists():
        return None
    owner = keeper_of(derived)
    if owner is None:
        logger.warning("Series %s cannot follow series %s: no staff is active", derived.pk, source.pk)
        return None
    try:
        # The sessions that decide are those of the source, whatever was written to the derived series since.
        key = replace(SeriesKey.of(derived), calendar=source.calendar, timezone=source.timezone)
        return _queue(owner, source, key, read_recipe(derived.recipe), derived.is_shared)
    except QueueFull:
        logger.warning("Series %s follows series %s later: the queue is full", derived.pk, source.pk)
        return None


def _attended() -> QuerySet[BarImport]:
    """The makings of derived series that wait or run, and those that failed lately: they would fail again."""
    lately = Q(status=Job.State.FAILED, created_at__gte=now() - TRIED_AGAIN)
    made = BarImport.objects.filter(source=BarImport.Source.DERIVED, series__isnull=False)
    return made.filter(Q(status__in=Job.ACTIVE) | lately)


def _unadjusted(series: Series) -> Series:
    """The series whose prices are as published: `series` itself, or the one that it was adjusted from."""
    base: Series | None = series
    while base is not None and base.adjustment == Adjustment.SPLITS:
        base = base.derived_from
    if base is None or base.adjustment != Adjustment.NONE:
        message = _(
            "The prices of %(series)s are adjusted already. Import them as they were published, then adjust those."
        ) % {"series": series}
        raise InvalidInput(fields={"series": [message]})
    return base
