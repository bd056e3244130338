"""A refresh extends a series, corrects its newest bars, and never mixes a changed history into it."""

import numpy as np
import pytest

from marketdata.bars import COLUMNS, Bars
from marketdata.incoming import feeds
from marketdata.incoming.handlers.download import compare, overlap_start
from marketdata.services import current_snapshot, import_bars, open_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series
from marketdata.tests.scripted import changed, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def test_a_refresh_asks_from_the_overlap_on_and_adds_what_is_new(feed, user, source, series, run_jobs):
    source.bars = make_bars(13)
    row = feeds.refresh_now(feed, user=user)
    (job,) = run_jobs()
    row.refresh_from_db()
    assert job.state == "succeeded"
    # All ten stored bars are within the overlap: three of them may be corrected, seven are compared.
    assert [(call[0], str(call[2])) for call in source.asked] == [("abc.x", "2024-01-01")]
    assert (row.bars_added, row.bars_changed, row.bars_unchanged) == (3, 0, 3)
    assert (row.report["bars_confirmed"], row.report["bars_missing"]) == (7, 0)
    assert row.report["bars_received"] == 13
    assert len(stored(series)) == 13
    feed.refresh_from_db()
    assert (feed.failures, feed.last_error) == (0, "")
    assert feed.last_at == job.finished_at


def test_a_longer_series_is_asked_for_its_newest_ten_bars_only(user, source, run_jobs):
    series = make_series(user, "LONG", make_bars(100))
    source.bars = make_bars(101)
    feed = feeds.create_feed(user=user, series=series, provider="scripted", symbol="LONG")
    feeds.refresh_now(feed, user=user)
    run_jobs()
    # Day 90 of the hundred: 2024-01-01 and 90 days.
    assert str(source.asked[0][2]) == "2024-03-31"
    assert len(stored(series)) == 101


def test_the_three_newest_bars_may_be_corrected(feed, user, source, series, run_jobs):
    source.bars = changed(make_bars(11), [7, 8, 9])
    row = feeds.refresh_now(feed, user=user)
    run_jobs()
    row.refresh_from_db()
    assert (row.bars_added, row.bars_changed) == (1, 3)
    assert stored(series).close.tolist() == source.bars.close.tolist()


def test_a_changed_history_is_refused_with_every_conflict_and_nothing_is_mixed(
    feed, user, source, series, run_jobs
):
    source.bars = changed(make_bars(12), slice(None), factor=0.5)  # as after a split of 2:1
    row = feeds.refresh_now(feed, user=user)
    (job,) = run_jobs()
    row.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "history_changed")
    assert "7 earlier bars" in job.error_detail
    assert "Download the whole history anew" in job.error_detail
    assert row.conflict_count == 28  # seven bars of four prices
    first = row.conflicts[0]
    assert (first["time"][:10], first["new"]) == ("2024-01-01", first["stored"] / 2)
    assert (row.bars_added, row.report["bars_confirmed"]) == (0, 0)
    assert stored(series).close.tolist() == make_bars(10).close.tolist()
    feed.refresh_from_db()
    assert feed.failures == 1
    assert feed.last_error == job.error_detail


def test_the_whole_history_anew_settles_it_and_the_old_snapshot_stays(feed, user, source, series, run_jobs):
    old = current_snapshot(series)
    source.bars = changed(make_bars(12), slice(None), factor=0.5)
    feeds.refresh_now(feed, user=user)
    run_jobs()
    feeds.fetch_anew(feed, user=user)
    (job,) = run_jobs()
    assert job.state == "succeeded"
    assert source.asked[-1][2] is None
    assert stored(series).close.tolist() == source.bars.close.tolist()
    assert open_snapshot(old).close.tolist() == make_bars(10).close.tolist()
    feed.refresh_from_db()
    assert (feed.failures, feed.last_error) == (0, "")


def test_bars_before_the_reach_of_the_provider_stay_and_are_counted(feed, user, source, series, run_jobs):
    source.bars = make_bars(12).slice("2024-01-06")
    row = feeds.fetch_anew(feed, user=user)
    run_jobs()
    row.refresh_from_db()
    assert row.report["bars_kept_before"] == 5
    assert len(stored(series)) == 12


def test_rounding_is_no_change_and_older_volumes_stay(feed, user, source, series, run_jobs):
    source.bars = changed(changed(make_bars(11), slice(0, 7), 1 + 4e-7), slice(0, 7), 3.0, ("volume",))
    row = feeds.refresh_now(feed, user=user)
    run_jobs()
    row.refresh_from_db()
    assert (row.status, row.bars_added, row.bars_changed) == ("succeeded", 1, 0)
    assert stored(series).volume[:10].tolist() == make_bars(10).volume.tolist()


def test_a_bar_that_the_provider_no_longer_has_stays_and_is_counted(feed, user, source, series, run_jobs):
    full = make_bars(11)
    keep = np.arange(11) != 3
    source.bars = Bars(time=full.time[keep], **{name: getattr(full, name)[keep] for name in COLUMNS})
    row = feeds.refresh_now(feed, user=user)
    run_jobs()
    row.refresh_from_db()
    assert (row.report["bars_missing"], row.report["bars_confirmed"]) == (1, 6)
    assert len(stored(series)) == 11


def test_a_refresh_that_brings_nothing_leaves_all_as_it_was(feed, user, source, series, run_jobs):
    before = current_snapshot(series).pk
    for bars in (make_bars(10), make_bars(10).head(0)):
        source.bars = bars
        row = feeds.refresh_now(feed, user=user)
        (job,) = run_jobs()
        row.refresh_from_db()
        assert (job.state, row.is_unchanged) == ("succeeded", True)
    series.refresh_from_db()
    assert current_snapshot(series).pk == before


def test_an_empty_series_gets_the_whole_history(user, source, run_jobs):
    empty = make_series(user, "EMPTY")
    feed = feeds.create_feed(user=user, series=empty, provider="scripted", symbol="E")
    feeds.refresh_now(feed, user=user)
    (job,) = run_jobs()
    assert (job.state, source.asked[0][2]) == ("succeeded", None)
    assert len(stored(empty)) == 10


def test_an_import_that_came_in_between_is_not_compared_away(feed, user, source, series, run_jobs):
    source.bars = make_bars(13)
    source.before = staticmethod(lambda: import_bars(series=series, bars=make_bars(2, "2024-02-01")))
    feeds.refresh_now(feed, user=user)
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "series_busy")
    assert "Refresh it again" in job.error_detail
    assert len(stored(series)) == 12  # the ten, and the two that came in between


def test_comparing_needs_no_bars_on_either_side():
    bars = make_bars(10)
    assert compare(bars.head(0), bars).fresh is bars
    nothing = compare(bars, bars.head(0))
    assert (len(nothing.fresh), nothing.confirmed, nothing.conflict_count) == (0, 0, 0)
    few = compare(bars.head(2), bars)
    assert (len(few.fresh), few.confirmed) == (10, 0)


def test_a_refresh_asks_for_intraday_bars_from_their_minute_on():
    bars = make_bars(30)
    hours = Bars(
        time=np.datetime64("2024-01-01T00:30", "ns") + np.arange(30) * np.timedelta64(1, "h"),
        **{name: getattr(bars, name) for name in COLUMNS},
    )
    assert str(overlap_start(hours, "1h")) == "2024-01-01T20:30"
