"""What an import finds in its series: bars that contradict, holes, the same bars again, an earlier snapshot."""

import numpy as np
import pytest

from marketdata.columns import BarsColumns
from marketdata.errors import BarsConflict, SeriesDerived
from marketdata.incoming.handlers import preparing
from marketdata.incoming.submissions import restore_snapshot
from marketdata.models import BarImport, MarketData, Series, Snapshot, WriteLease
from marketdata.services import current_snapshot, import_bars, open_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series
from marketdata.tests.imports import import_row, put, same, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def test_conflicting_bars_are_listed_in_the_import_and_nothing_is_stored(user, series, media_root):
    row = import_row(user)
    bars = make_bars(10, "2024-01-06", price=7.0)
    with pytest.raises(BarsConflict, match=r"5 stored bars differ .* The first: 2024-01-06, open is 105 "):
        preparing.prepare_import(row, BarsColumns(bars), progress=lambda *_args: None, overlap="extend")
    row.refresh_from_db()
    assert row.conflict_count == 20  # four prices of five bars
    assert row.conflicts[0] == {"time": "2024-01-06T00:00:00Z", "column": "open", "stored": 105.0, "new": 7.0}
    assert MarketData.written.count() == 10
    assert not WriteLease.objects.exists()


def test_conflicting_bars_are_kept_when_that_was_asked(user, series):
    ready = put(user, make_bars(10, "2024-01-06", price=7.0), overlap="keep")
    ready()
    assert (ready.row.bars_added, ready.row.bars_changed, ready.row.conflict_count) == (5, 0, 20)
    series.refresh_from_db()
    held = load_bars(series)
    assert held.open.tolist() == [*range(100, 110), 12.0, 13.0, 14.0, 15.0, 16.0]
    assert same(open_snapshot(current_snapshot(series)), held)


def test_a_gap_is_filled_by_an_extension(user):
    series = make_series(user, bars=make_bars(10))
    series.bars.filter(timestamp__day__in=(4, 5)).delete()
    bars = make_bars(10)
    without = np.r_[0:3, 5:10]
    from marketdata.bars import COLUMNS, Bars

    parts = {name: getattr(bars, name)[without] for name in ("time", *COLUMNS)}
    holed = make_series(user, "HOLED", Bars(**parts))
    put(user, bars, key={"symbol": "HOLED"})()
    assert same(load_bars(holed), bars)


def test_the_same_bars_again_change_nothing_but_a_new_calendar_is_examined(user, series):
    before, snapshot = seen(user), current_snapshot(series)
    put(user, make_bars(10), key={"name": "Alphabet"})()
    assert seen(user) == before
    ready = put(user, make_bars(10), key={"calendar": "exchange"})
    ready()
    assert (ready.row.bars_added, ready.row.bars_unchanged) == (0, 10)
    series.refresh_from_db()
    assert (series.name, series.calendar) == ("Alphabet", "exchange")
    again = Snapshot.objects.get()
    assert again.sha256 == snapshot.sha256
    assert again.quality != snapshot.quality
    assert series.coverage == again.quality["coverage"]


def test_a_derived_series_takes_no_import(user, series):
    derived = make_series(user, "WEEKS", timeframe="1w", derived_from=series)
    with pytest.raises(SeriesDerived):
        put(user, make_bars(3, step="W"), key={"symbol": "WEEKS", "timeframe": "1w"})
    with pytest.raises(SeriesDerived):
        import_bars(series=derived, bars=make_bars(3, step="W"))
    assert not WriteLease.objects.exists()


def test_what_is_made_from_a_series_is_told_of_a_change_once_it_is_committed(user, series, monkeypatch):
    told = []
    monkeypatch.setattr(
        "marketdata.incoming.deriving.refresh_derived", lambda item: told.append(item.bar_count)
    )
    ready = put(user, make_bars(12))
    assert told == []
    ready()
    assert told == [12]
    put(user, make_bars(12))()
    assert told == [12]


def test_an_earlier_snapshot_becomes_the_content_again(user, series, run_jobs):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(30, "2024-01-05", price=7.0))
    restore_snapshot(owner=user, series=Series.objects.get(), snapshot=first)
    (job,) = run_jobs()
    assert (job.state, job.error_detail) == ("succeeded", "")
    series.refresh_from_db()
    assert series.content_sha256 == first.sha256
    assert same(load_bars(series), make_bars(10))
    row = BarImport.objects.get(job=job)
    assert (row.bars_changed, row.bars_removed, row.bars_unchanged) == (6, 24, 4)


def test_a_series_of_the_same_key_belongs_to_its_owner_alone(user, other_user, series):
    put(other_user, make_bars(5, price=3.0))()
    assert Series.objects.for_user(other_user).get().bar_count == 5
    assert same(load_bars(series), make_bars(10))
    assert not MarketData.objects.for_user(other_user).filter(series=series).exists()
