"""Downloads: the handler that asks a provider for bars and puts them into a series.

A download of a period stores by its overlap policy, like a file. An incremental one (a feed's) has a rule of its own:

- It asks again for the newest `OVERLAP_BARS` stored bars and everything since.
- The newest `CORRECTABLE_BARS` stored bars may have changed: providers settle closes and volumes for a few sessions.
  The provider's bars take their places.
- Older ones must be as they were stored, to `SAME` of their prices. If one is not, the provider has changed its
  history, after a split or a dividend mostly: nothing is stored, the import fails with `HistoryChanged`, and every
  price that differs is listed as a conflict. Downloading the whole history anew is then the owner's decision.
- What providers say about the volume of older bars changes for months; stored volumes stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from algotrade.templatetags.figures import integer
from marketdata.bars import PRICES, Bars
from marketdata.columns import BarsColumns
from marketdata.errors import HistoryChanged, MarketDataError, RateLimited, SeriesBusy
from marketdata.incoming.handlers.preparing import import_of, note, prepare_import, scaled
from marketdata.incoming.settings import DownloadSettings
from marketdata.models import BarImport, Series
from marketdata.providers import Provider, get_provider
from marketdata.quality.report import said
from marketdata.store import leftovers
from marketdata.store.merged import CONFLICTS_LISTED, Conflict
from marketdata.store.merging import REPLACE
from marketdata.store.opening import current_snapshot, open_snapshot
from marketdata.timeframes import MINUTES_A_DAY, get_timeframe

OVERLAP_BARS = 10
CORRECTABLE_BARS = 3
SAME = 1e-6
ASKING_SHARE = 0.7
"""How much of a download's progress is asking; the rest is storing."""

NOTHING_CHANGED = {"bars_added": 0, "bars_changed": 0, "bars_removed": 0}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a provider's bars say about the stored ones."""

    fresh: Bars
    """The bars to store: those that may be corrected, and the new ones."""
    confirmed: int
    """Older bars that are as they were stored."""
    missing: int
    """Older stored bars of the period that the provider did not give."""
    conflicts: tuple[Conflict, ...]
    """Prices of older bars that differ, at most `CONFLICTS_LISTED`."""
    conflict_count: int
    conflicting_bars: int


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest bars that a series holds, and the fingerprint of all of them."""

    bars: Bars
    sha256: str


def download(context: JobContext) -> Callable[[], None]:
    """Ask the provider; return what makes its bars count in the transaction that ends the job."""
    row = import_of(context)
    asked = DownloadSettings.of(row)
    series = asked.find(row.user_id)
    newest = _newest(series) if asked.incremental else None
    provider = get_provider(asked.provider)()
    provider.watch(scaled(context.progress, 0.0, ASKING_SHARE))
    bars = _ask(provider, row, asked, newest)
    report = _described(provider, asked, bars)
    if newest is not None:
        compared = compare(newest.bars, bars)
        report |= {"bars_confirmed": compared.confirmed, "bars_missing": compared.missing}
        if compared.conflict_count:
            raise _changed_history(row, report, compared)
        bars = compared.fresh
    elif len(bars) and series is not None and asked.feed:
        report |= _kept_before(series, bars)
    if not len(bars):
        if not asked.incremental:
            raise MarketDataError(
                _("%(provider)s has no bars in this period.") % {"provider": provider.label}
            )
        return lambda: note(row, series=series, report=report, **NOTHING_CHANGED)
    ready = prepare_import(
        row,
        BarsColumns(bars),
        progress=scaled(context.progress, ASKING_SHARE, 1.0),
        overlap=REPLACE if newest is not None else asked.overlap,
        report=report,
    )
    if asked.incremental and ready.prepared.base_sha256 != (newest.sha256 if newest else ""):
        # Somebody imported while the provider was asked: the comparison was with other bars.
        ready.resources.close()
        leftovers.discard_of(ready.held.holder)
        raise SeriesBusy(
            _("%(series)s was changed while the provider was asked. Refresh it again.")
            % {"series": ready.held.series}
        )
    return ready


def compare(stored: Bars, received: Bars) -> Comparison:
    """Compare a provider's bars with the newest stored ones by the rule of this module.

    Parameters
    ----------
    stored : Bars
        The newest bars of the series, oldest first; the last `CORRECTABLE_BARS` may be corrected.
    received : Bars
        What the provider gives for the same period and since.
    """
    if not len(stored):
        return Comparison(received, 0, 0, (), 0, 0)
    correctable = stored.time[-CORRECTABLE_BARS:][0]
    fresh = received.slice(correctable)
    old = stored.head(int(np.searchsorted(stored.time, correctable)))
    _times, ours, theirs = np.intersect1d(old.time, received.time, assume_unique=True, return_indices=True)
    conflicts: list[Conflict] = []
    differs = np.zeros(len(ours), dtype=bool)
    for name in PRICES:
        before, after = getattr(old, name)[ours], getattr(received, name)[theirs]
        other = np.abs(after - before) > SAME * np.abs(before)
        differs |= other
        conflicts += [
            Conflict(old.time[ours[row]], name, float(before[row]), float(after[row]))
            for row in np.flatnonzero(other)
        ]
    conflicts.sort(key=lambda conflict: conflict.time)
    first = received.time[0] if len(received) else correctable
    return Comparison(
        fresh,
        confirmed=int((~differs).sum()),
        missing=int((old.time >= first).sum()) - len(ours),
        conflicts=tuple(conflicts[:CONFLICTS_LISTED]),
        conflict_count=len(conflicts),
        conflicting_bars=int(differs.sum()),
    )


def overlap_start(stored: Bars, timeframe: str) -> np.datetime64:
    """Return the time from which to ask again, the day of the oldest bar that is compared."""
    first = stored.time[-OVERLAP_BARS:][0]
    unit = "m" if get_timeframe(timeframe).minutes < MINUTES_A_DAY else "D"
    start: np.datetime64 = first.astype(f"datetime64[{unit}]")
    return start


def _newest(series: Series | None) -> Newest | None:
    """What is compared with the provider's bars; None when the series holds none."""
    if series is None or not series.content_sha256:
        return None
    bars = open_snapshot(current_snapshot(series))
    return Newest(bars.slice(bars.time[-OVERLAP_BARS:][0]), series.content_sha256)


def _ask(provider: Provider, row: BarImport, asked: DownloadSettings, newest: Newest | None) -> Bars:
    timeframe = asked.key.timeframe
    start = asked.start if newest is None else overlap_start(newest.bars, timeframe)
    try:
        return provider.history(asked.provider_symbol, timeframe, start, asked.end)
    except RateLimited as error:
        if error.seconds:  # for the feed, which then waits as long
            note(row, report=row.report | {"retry_after_seconds": round(error.seconds)})
        raise


def _described(provider: Provider, asked: DownloadSettings, bars: Bars) -> dict[str, Any]:
    report: dict[str, Any] = {
        "provider": provider.key,
        "provider_symbol": asked.provider_symbol,
        "bars_received": len(bars),
        "notes": list(provider.notes),
    }
    if len(bars):
        report |= {
            "first_received": f"{str(bars.time[0])[:19]}Z",
            "last_received": f"{str(bars.time[-1])[:19]}Z",
        }
    return report


def _kept_before(series: Series, bars: Bars) -> dict[str, Any]:
    """A whole history that begins later than the stored one leaves older bars, adjusted as they were then."""
    kept = 0
    if series.content_sha256:
        stored = open_snapshot(current_snapshot(series))
        kept = int(np.searchsorted(stored.time, bars.time[0]))
    return {"bars_kept_before": kept} if kept else {}


def _changed_history(row: BarImport, report: dict[str, Any], compared: Comparison) -> HistoryChanged:
    """Write to the import what differs, and return the error that ends its job."""
    note(
        row,
        report=row.report | report,
        conflicts=[conflict.to_dict() for conflict in compared.conflicts],
        conflict_count=compared.conflict_count,
        **NOTHING_CHANGED,
    )
    first = compared.conflicts[0]
    return HistoryChanged(
        _(
            "The provider gives other prices than the stored ones for %(count)s earlier bars (first %(time)s, "
            "%(column)s: %(before)s stored, %(after)s now), mostly because of a split or a dividend. Nothing was "
            "stored. Download the whole history anew to replace it."
        )
        % {
            "count": integer(compared.conflicting_bars),
            "time": said(first.time),
            "column": first.column,
            "before": f"{first.stored:.10g}",
            "after": f"{first.new:.10g}",
        }
    )
