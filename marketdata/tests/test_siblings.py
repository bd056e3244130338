"""The published and the adjusted series of a symbol are compared when either is stored."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.models import Series
from marketdata.services import import_bars
from marketdata.splits import Split, adjust
from marketdata.store.siblings import sibling_of
from marketdata.tests.bars import make_bars

pytestmark = pytest.mark.django_db
KINDS = Series.Adjustment
NAMES = ("open", "high", "low", "close", "volume")


def series_of(user, adjustment, bars, **changes):
    described = {"symbol": "PAIR", "timeframe": "1d", "source": "csv", "calendar": "24/7", **changes}
    made = Series.objects.create(user=user, adjustment=adjustment, **described)
    import_bars(series=made, bars=bars)
    made.refresh_from_db()
    return made


def quality(series):
    return series.snapshots.get(sha256=series.content_sha256).quality


def published():
    """A hundred days with a four for one split on the sixty-first."""
    bars = make_bars(100)
    columns = {name: getattr(bars, name).copy() for name in NAMES}
    for name in NAMES[:4]:
        columns[name][:60] *= 4.0
    return Bars(time=bars.time, **columns)


def test_an_adjusted_series_confirms_the_split_of_the_published_one(user):
    raw = published()
    series_of(user, KINDS.SPLITS, adjust(raw, [Split.of(str(raw.time[60]), 4)]))
    report = quality(series_of(user, KINDS.NONE, raw))
    assert [(item["ratio"], item["severity"]) for item in report["splits"]] == [([1, 4], "error")]
    assert "adjusted close beside it" in report["splits"][0]["text"]
    assert report["inconsistency_count"] == 0


def test_an_adjusted_series_that_contradicts_the_published_one_is_told(user):
    raw = published()
    series_of(user, KINDS.NONE, raw)
    good = adjust(raw, [Split.of(str(raw.time[60]), 4)])
    columns = {name: getattr(good, name).copy() for name in NAMES}
    columns["close"][80] *= 1.03
    columns["high"][80] = max(columns["high"][80], columns["close"][80])
    report = quality(series_of(user, KINDS.SPLITS, Bars(time=good.time, **columns)))
    assert str(good.time[80])[:10] in {item["start"][:10] for item in report["inconsistencies"]}
    assert report["split_count"] == 0
    assert report["grade"] == "poor"


def test_only_the_same_symbol_source_and_owner_are_compared_and_nothing_derived(user, other_user):
    raw = series_of(user, KINDS.NONE, published())
    series_of(other_user, KINDS.SPLITS, published())
    series_of(user, KINDS.SPLITS, published(), source="yahoo")
    series_of(user, KINDS.SPLITS, published(), symbol="OTHER")
    derived = series_of(user, KINDS.SPLITS, published())
    Series.objects.filter(pk=derived.pk).update(derived_from=raw)
    derived.refresh_from_db()
    assert sibling_of(raw) is None
    assert sibling_of(derived) is None


def test_without_the_file_of_the_sibling_a_series_is_examined_alone(user, settings, monkeypatch):
    series_of(user, KINDS.SPLITS, published())
    from marketdata.errors import SnapshotDamaged
    from marketdata.store import siblings

    def lost(snapshot):
        raise SnapshotDamaged("gone")

    monkeypatch.setattr(siblings, "open_columns", lost)
    report = quality(series_of(user, KINDS.NONE, published()))
    assert report["action_count"] == 0
    assert np.isclose(report["coverage"], 1.0)
