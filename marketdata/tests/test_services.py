"""Rows, snapshot and counts change together or not at all."""

from pathlib import Path

import numpy as np
import pytest

from marketdata.bars import COLUMNS, Bars
from marketdata.errors import (
    BarsError,
    BarsOverlap,
    NoBars,
    SeriesNotFound,
    SnapshotDamaged,
    StorageFailed,
)
from marketdata.models import MarketData, Series, Snapshot
from marketdata.services import (
    chart_bars,
    current_snapshot,
    delete_series,
    get_visible,
    import_bars,
    open_snapshot,
)
from marketdata.store import bulk, examining, snapshots
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def same(first, second):
    return all(
        getattr(first, name).tobytes() == getattr(second, name).tobytes() for name in ("time", *COLUMNS)
    )


def state(series):
    """Everything an import changes."""
    series = Series.objects.get(pk=series.pk)
    return series.content_sha256, series.bar_count, series.bars.count(), series.snapshots.count()


def file_of(snapshot, media_root):
    return Path(media_root) / snapshot.path


def test_an_import_fills_rows_snapshot_and_counts(user):
    bars = generate(SyntheticSpec(bars=12_345, timeframe="1h"))
    series = make_series(user, timeframe="1h", calendar="exchange")
    snapshot = import_bars(series=series, bars=bars)
    assert same(open_snapshot(snapshot), bars)
    assert same(load_bars(series), bars)
    assert (series.bar_count, snapshot.bar_count, series.bars.count()) == (12_345, 12_345, 12_345)
    assert series.first_time.isoformat()[:10] == str(bars.time[0])[:10]
    assert series.last_time == series.bars.last().timestamp
    assert series.quality_grade == "good"
    assert series.bars.first().symbol == "ABC"


def test_importing_the_same_again_changes_nothing(series, django_assert_max_num_queries):
    before, first = state(series), current_snapshot(series)
    with django_assert_max_num_queries(16):
        again = import_bars(series=series, bars=make_bars(10))
    assert again.pk == first.pk
    assert state(series) == before


def test_a_later_part_extends_the_series_and_keeps_the_old_snapshot(series):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(5, "2024-01-11", price=110.0))
    assert state(series)[1:] == (15, 15, 2)
    assert same(open_snapshot(current_snapshot(series)), make_bars(15))
    assert same(open_snapshot(first), make_bars(10))


def test_new_bars_take_the_place_of_stored_ones_in_their_range(series):
    import_bars(series=series, bars=make_bars(2, "2024-01-03", "2D", price=200.0))  # the 3rd and the 5th
    held = open_snapshot(current_snapshot(series))
    assert [str(time)[8:10] for time in held.time] == ["01", "02", "03", "05", "06", "07", "08", "09", "10"]
    assert held.open[2:4].tolist() == [200.0, 201.0]
    assert same(load_bars(series), held)


def test_reject_refuses_an_overlap_and_takes_a_disjoint_part(series):
    before = state(series)
    with pytest.raises(BarsOverlap, match="already holds 6 bars between 2024-01-05 and 2024-01-14\\."):
        import_bars(series=series, bars=make_bars(10, "2024-01-05"), overlap="reject")
    assert state(series) == before
    import_bars(series=series, bars=make_bars(3, "2024-02-01"), overlap="reject")
    assert state(series)[1] == 13


def test_an_import_that_fails_in_the_middle_leaves_everything_as_it_was(series, monkeypatch):
    before = state(series)
    monkeypatch.setattr(bulk, "PACKED_ROWS", 300)
    monkeypatch.setattr(bulk, "PIECE", 300)
    pieces = bulk._pieces

    def break_off(*args):
        for number, piece in enumerate(pieces(*args)):
            if number == 3:
                raise OSError("disk full")
            yield piece

    monkeypatch.setattr(bulk, "_pieces", break_off)
    with pytest.raises(OSError, match="disk full"):
        import_bars(series=series, bars=make_bars(1000, "2020-01-01"))
    assert state(series) == before
    assert same(open_snapshot(current_snapshot(series)), make_bars(10))


def test_a_failure_after_the_rows_leaves_everything_as_it_was(series, monkeypatch):
    before = state(series)

    def fail(*args, **kwargs):
        raise OSError("no space")

    monkeypatch.setattr(examining, "examine", fail)
    with pytest.raises(OSError, match="no space"):
        import_bars(series=series, bars=make_bars(5, "2024-01-08", price=7.0))
    assert state(series) == before


def test_no_bars_and_times_finer_than_the_database_keeps_are_refused(series):
    with pytest.raises(NoBars):
        import_bars(series=series, bars=make_bars(3).head(0))
    bars = make_bars(3)
    names = ("open", "high", "low", "close", "volume")
    fine = Bars(time=bars.time + np.timedelta64(1, "ns"), **{name: getattr(bars, name) for name in names})
    with pytest.raises(BarsError, match="finer than a microsecond"):
        import_bars(series=series, bars=fine)


def test_an_empty_series_has_no_snapshot(user):
    with pytest.raises(NoBars, match="holds no bars yet"):
        current_snapshot(make_series(user))


def test_a_snapshot_is_sliced_by_dates_without_being_copied(series):
    bars = open_snapshot(current_snapshot(series), "2024-01-03", "2024-01-05")
    assert [str(time)[8:10] for time in bars.time] == ["03", "04", "05"]
    assert not bars.close.flags.owndata


def test_a_snapshot_row_cannot_be_changed(series):
    snapshot = current_snapshot(series)
    snapshot.bar_count = 3
    with pytest.raises(TypeError, match="immutable"):
        snapshot.save()


def test_equal_bars_have_one_file_whatever_the_sign_of_their_zero(user, other_user, media_root):
    bars = make_bars(4)
    names = ("time", "open", "high", "low", "close")
    minus = Bars(volume=np.full(4, -0.0), **{name: getattr(bars, name) for name in names})
    plus = Bars(volume=np.zeros(4), **{name: getattr(bars, name) for name in names})
    first = import_bars(series=make_series(user), bars=minus)
    second = import_bars(series=make_series(other_user), bars=plus)
    assert first.sha256 == second.sha256
    assert len(list((Path(media_root) / "snapshots").rglob("*.npy"))) == 1


@pytest.mark.parametrize("damage", ["missing", "flipped", "cut", "text"])
def test_a_damaged_current_snapshot_is_rebuilt_from_the_rows(series, media_root, damage):
    snapshot = current_snapshot(series)
    spoil(file_of(snapshot, media_root), damage)
    assert same(open_snapshot(snapshot), make_bars(10))
    assert same(snapshots.read(snapshot.path, snapshot.sha256), make_bars(10))


@pytest.mark.parametrize("damage", ["missing", "flipped", "cut", "text"])
def test_a_damaged_older_snapshot_is_rebuilt_while_the_series_was_only_extended(series, media_root, damage):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(5, "2024-01-11"))
    spoil(file_of(first, media_root), damage)
    assert same(open_snapshot(first), make_bars(10))


@pytest.mark.parametrize("damage", ["missing", "flipped", "cut", "text"])
def test_a_damaged_older_snapshot_is_refused_with_its_code(series, media_root, damage):
    first = current_snapshot(series)
    import_bars(series=series, bars=make_bars(5, "2024-01-06", price=7.0))
    spoil(file_of(first, media_root), damage)
    with pytest.raises(SnapshotDamaged, match="damaged and cannot be rebuilt") as caught:
        open_snapshot(first)
    assert caught.value.code == "snapshot_damaged"


def test_damage_is_not_rebuilt_from_rows_that_were_changed_as_well(series, media_root):
    snapshot = current_snapshot(series)
    MarketData.objects.filter(series=series).update(volume=51.0)
    spoil(file_of(snapshot, media_root), "missing")
    with pytest.raises(SnapshotDamaged):
        open_snapshot(snapshot)


def test_a_file_is_verified_once_and_again_after_it_changed(series, media_root, monkeypatch):
    snapshot = current_snapshot(series)
    counted = []
    real = snapshots.fingerprint_of_stream
    monkeypatch.setattr(snapshots, "fingerprint_of_stream", lambda stream: counted.append(1) or real(stream))
    for _round in range(3):
        open_snapshot(snapshot)
    assert len(counted) <= 1
    spoil(file_of(snapshot, media_root), "flipped")
    open_snapshot(snapshot)
    assert len(counted) > 1


def test_a_chart_has_few_points_and_keeps_every_extreme(user):
    bars = generate(SyntheticSpec(bars=5000, seed=4))
    series = make_series(user, bars=bars)
    chart = chart_bars(series, max_points=500)
    assert len(chart.bars) == 500
    assert chart.total == 5000
    assert (chart.bars.high.max(), chart.bars.low.min()) == (bars.high.max(), bars.low.min())
    part = chart_bars(series, "2015-02-01", "2015-02-28")
    assert not part.downsampled


def test_others_do_not_see_a_series_and_everybody_sees_a_shared_one(series, shared_series, user, other_user):
    assert get_visible(user, series.pk) == series
    assert get_visible(other_user, shared_series.pk) == shared_series
    for pk in (series.pk, 2**70, -1):
        with pytest.raises(SeriesNotFound):
            get_visible(other_user, pk)


def test_deleting_takes_rows_and_unshared_files_away(
    user, other_user, media_root, django_capture_on_commit_callbacks
):
    mine, theirs = make_series(user, bars=make_bars(10)), make_series(other_user, bars=make_bars(10))
    path = file_of(current_snapshot(mine), media_root)
    with django_capture_on_commit_callbacks(execute=True):
        delete_series(mine)
    assert path.exists()  # the other series names the same bytes
    with django_capture_on_commit_callbacks(execute=True):
        delete_series(theirs)
    assert not path.exists()
    assert (MarketData.objects.count(), Snapshot.objects.count()) == (0, 0)


def test_an_owner_has_one_series_of_a_kind(user, other_user, series):
    from django.db import IntegrityError, transaction

    make_series(other_user)
    make_series(user, timeframe="1w")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_series(user)
    make_series(None)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_series(None)


def test_periods_per_year_follow_the_series(series):
    assert series.periods_per_year == 365


def spoil(path, damage):
    if damage == "missing":
        path.unlink()
        return
    raw = bytearray(path.read_bytes())
    if damage == "flipped":
        raw[-5] ^= 1
    elif damage == "cut":
        raw = raw[:-40]
    else:
        raw = bytearray(b"not an array")
    path.chmod(0o640)
    path.write_bytes(raw)
    import os

    os.utime(path, ns=(1, 1))  # clocks may be too coarse to show the change


def test_a_disk_that_takes_no_snapshot_is_told_in_words_and_changes_nothing(series, settings):
    before = series.content_sha256
    gone = settings.MEDIA_ROOT / "snapshots"
    gone.rename(gone.with_name("elsewhere"))
    gone.touch()
    with pytest.raises(StorageFailed, match="nothing was changed"):
        import_bars(
            series=Series.objects.create(user=series.user, symbol="NEW", timeframe="1d"), bars=make_bars(7)
        )
    assert not Series.objects.get(symbol="NEW").bars.exists()
    assert Series.objects.get(pk=series.pk).content_sha256 == before
