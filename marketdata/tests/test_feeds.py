"""Feeds and downloads: what a provider gives becomes a series, is extended, corrected, and never silently mixed."""

import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from algotrade.errors import InvalidInput, NotAllowed
from algotrade.jobs.models import Job
from algotrade.jobs.services import request_cancel
from marketdata.bars import COLUMNS, Bars
from marketdata.errors import FeedBusy, FeedNotFound, FeedRefused, ProviderUnavailable, RateLimited
from marketdata.incoming import feeds
from marketdata.incoming.handlers.download import compare, overlap_start
from marketdata.incoming.submissions import submit_fetch
from marketdata.models import BarImport, Feed, Series
from marketdata.providers import Capabilities, Provider, registry
from marketdata.providers.tests.server import Answer, LocalServer
from marketdata.services import current_snapshot, import_bars, open_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

SOON = timedelta(seconds=1)


class Scripted(Provider):
    """Gives what a test put into `bars`, or raises `error`; `asked` notes the periods."""

    key = "scripted"
    label = "Scripted"
    summary = "What a test says."
    capabilities = Capabilities(timeframes=("1d", "1h"), any_symbol=True)
    bars = None
    error = None
    before = staticmethod(lambda: None)
    asked: list = []

    def history(self, symbol, timeframe, start=None, end=None):
        self.begin(timeframe)
        type(self).asked.append((symbol, timeframe, start, end))
        type(self).before()
        if self.error is not None:
            raise self.error
        self.note("Ten rows were looked at.")
        return self.bars.slice(start, end)


@pytest.fixture
def source():
    fresh = type("Fresh", (Scripted,), {"asked": [], "bars": make_bars(10)})
    with registry.temporarily(fresh) as provider:
        yield provider


@pytest.fixture
def feed(user, source, series):
    """A feed of ten stored daily bars whose provider has the same ten."""
    return feeds.create_feed(user=user, series=series, provider="scripted", symbol="abc.x")


def changed(bars, rows, factor=2.0, columns=COLUMNS[:4]):
    """The same bars with prices of some rows multiplied."""
    values = {name: getattr(bars, name).copy() for name in COLUMNS}
    for name in columns:
        values[name][rows] *= factor
    return Bars(time=bars.time, **values)


def stored(series):
    series.refresh_from_db()
    return open_snapshot(current_snapshot(series))


# -- Downloads --------------------------------------------------------------------------------------------------


def test_a_download_makes_a_series_with_its_report(user, source, run_jobs):
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d", calendar="24/7")
    (job,) = run_jobs()
    assert (job.state, job.error_detail) == ("succeeded", "")
    row = BarImport.objects.get(job=job)
    assert (row.bars_added, row.source, row.series.symbol) == (10, "provider", "NEW")
    assert row.series.source == "scripted"
    assert row.report["notes"] == ["Ten rows were looked at."]
    assert row.report["bars_received"] == 10
    assert row.report["first_received"] == "2024-01-01T00:00:00Z"
    assert stored(row.series).close.tolist() == make_bars(10).close.tolist()


def test_the_period_is_handed_on_and_an_empty_one_is_an_error_in_words(user, source, run_jobs):
    day = datetime(2023, 5, 1, tzinfo=UTC).date()
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d", start=day, end=day)
    (job,) = run_jobs()
    assert source.asked == [("NEW", "1d", "2023-05-01", "2023-05-01")]
    assert (job.state, job.error_detail) == ("failed", "Scripted has no bars in this period.")
    assert not Series.objects.exists()


def test_a_download_that_contradicts_stored_bars_lists_them_and_stores_nothing(user, source, run_jobs):
    series = make_series(user, "NEW", make_bars(10), source="scripted")
    source.bars = changed(make_bars(12), [4])
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d")
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "bars_conflict")
    row = BarImport.objects.get(job=job)
    assert row.conflict_count == 4
    assert stored(series).close.tolist() == make_bars(10).close.tolist()


def test_the_error_of_a_provider_is_the_error_of_the_job(user, source, run_jobs):
    source.error = ProviderUnavailable("Scripted gave no usable answer (status 503; asked 5 times).")
    submit_fetch(owner=user, provider="scripted", provider_symbol="NEW", timeframe="1d")
    (job,) = run_jobs()
    assert (job.error_code, job.error_detail) == ("provider_unavailable", source.error.detail)


# -- The rule of a refresh --------------------------------------------------------------------------------------


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


# -- When feeds are due -----------------------------------------------------------------------------------------


def test_a_due_feed_is_queued_once_and_then_after_its_period(feed, source, run_jobs):
    moment = feed.next_at + SOON
    assert feeds.refresh_due(moment) == 1
    feed.refresh_from_db()
    assert feed.next_at == feed.created_at + timedelta(days=1)
    run_jobs()
    assert feeds.refresh_due(moment) == 0
    assert feeds.refresh_due(feed.next_at - SOON) == 0
    assert feeds.refresh_due(feed.next_at + SOON) == 1


def test_a_feed_keeps_its_time_of_day_after_a_lab_was_off(feed, source):
    late = feed.created_at + timedelta(days=5, hours=7)
    assert feeds.refresh_due(late) == 1
    feed.refresh_from_db()
    assert feed.next_at == feed.created_at + timedelta(days=6)


def test_never_two_downloads_at_once_into_one_series(feed, user, source, run_jobs):
    feeds.refresh_now(feed, user=user)
    with pytest.raises(FeedBusy, match="already on their way"):
        feeds.refresh_now(feed, user=user)
    Feed.objects.filter(pk=feed.pk).update(next_at=feed.created_at)
    assert feeds.refresh_due(feed.created_at + timedelta(days=2)) == 0
    feed.refresh_from_db()
    assert (feed.failures, feed.next_at) == (0, feed.created_at)  # looked at again in a minute
    run_jobs()
    assert feeds.refresh_due(feed.created_at + timedelta(days=2)) == 1
    assert BarImport.objects.filter(source="provider").count() == 2


def test_two_workers_that_look_at_once_queue_one_refresh(feed, source):
    moment = feed.next_at + SOON
    barrier, queued = threading.Barrier(2), []

    def look():
        try:
            barrier.wait(timeout=5)
            queued.append(feeds.refresh_due(moment))
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(queued) == [0, 1]
    assert Job.objects.count() == 1


def test_a_feed_that_changed_after_it_was_seen_as_due_is_looked_at_again(feed, user, source, run_jobs):
    moment = feed.next_at + SOON
    feeds.change_feed(user=user, feed=feed, enabled=False)
    assert not feeds._refresh_if_due(feed, moment)
    feeds.change_feed(user=user, feed=feed, enabled=True)
    moment = Feed.objects.get(pk=feed.pk).next_at + SOON
    assert feeds._refresh_if_due(feed, moment)
    run_jobs()
    assert not feeds._refresh_if_due(feed, moment)
    assert Job.objects.count() == 1


def test_failures_put_a_feed_off_longer_each_time_and_a_success_forgets_them(feed, source, run_jobs):
    source.error = ProviderUnavailable("No usable answer.")
    waits = []
    for number in range(1, 4):
        feed.refresh_from_db()
        assert feeds.refresh_due(feed.next_at + SOON) == 1
        (job,) = run_jobs()
        feed.refresh_from_db()
        assert (feed.failures, feed.last_error) == (number, "No usable answer.")
        waits.append((feed.next_at - job.finished_at).total_seconds() / 60)
    # 5, 10 and 20 minutes, and at most a tenth more.
    assert [5 <= waits[0] <= 5.5, 10 <= waits[1] <= 11, 20 <= waits[2] <= 22] == [True] * 3
    source.error = None
    assert feeds.refresh_due(feed.next_at + SOON) == 1
    run_jobs()
    feed.refresh_from_db()
    assert (feed.failures, feed.last_error) == (0, "")


def test_the_longest_pause_is_a_day():
    minutes = [feeds.retry_delay(failures) / timedelta(minutes=1) for failures in (1, 2, 8, 9, 10, 500)]
    assert minutes == [5, 10, 640, 1280, 1440, 1440]


def test_a_provider_that_asks_to_be_left_alone_is(feed, source, run_jobs):
    source.error = RateLimited("Try again in 6 hours.", seconds=6 * 3600.0)
    feeds.refresh_due(feed.next_at + SOON)
    (job,) = run_jobs()
    feed.refresh_from_db()
    assert (feed.next_at - job.finished_at).total_seconds() == pytest.approx(6 * 3600, abs=1)


def test_a_cancelled_refresh_is_no_failure(feed, user, source):
    row = feeds.refresh_now(feed, user=user)
    request_cancel(row.job)
    feed.refresh_from_db()
    assert (feed.failures, feed.last_error) == (0, "")


def test_what_keeps_one_feed_from_being_queued_does_not_keep_the_others(
    feed, user, other_user, source, settings
):
    settings.JOB_MAX_QUEUED_PER_USER = 0
    moment = feed.next_at + SOON
    assert feeds.refresh_due(moment) == 0
    feed.refresh_from_db()
    assert feed.failures == 1
    assert "waiting" in feed.last_error
    settings.JOB_MAX_QUEUED_PER_USER = 10
    Feed.objects.filter(pk=feed.pk).update(next_at=moment - timedelta(days=1), provider="gone")
    other = make_series(other_user, "OTHER", make_bars(10))
    feeds.create_feed(user=other_user, series=other, provider="scripted", symbol="O")
    assert feeds.refresh_due(moment + timedelta(minutes=1)) == 2


def test_switched_off_feeds_and_those_of_inactive_people_sleep(feed, user, source):
    moment = feed.next_at + SOON
    feeds.change_feed(user=user, feed=feed, enabled=False)
    assert feeds.refresh_due(moment) == 0
    feeds.change_feed(user=user, feed=feed, enabled=True)
    user.is_active = False
    user.save()
    assert feeds.refresh_due(moment + timedelta(days=1)) == 0


# -- Whose feeds ------------------------------------------------------------------------------------------------


def test_strangers_neither_see_nor_change_nor_use_a_feed(feed, other_user, staff, series):
    for person in (other_user, staff):
        for action in (
            lambda person=person: feeds.change_feed(user=person, feed=feed, enabled=False),
            lambda person=person: feeds.remove_feed(user=person, feed=feed),
            lambda person=person: feeds.refresh_now(feed, user=person),
            lambda person=person: feeds.fetch_anew(feed, user=person),
            lambda person=person: feeds.create_feed(
                user=person, series=series, provider="scripted", symbol="X"
            ),
        ):
            with pytest.raises(NotAllowed):
                action()
    assert Job.objects.count() == 0


def test_staff_feed_shared_series_and_the_schedule_works_for_whoever_did_so_last(
    user, staff, make_user, source, shared_series, run_jobs
):
    with pytest.raises(NotAllowed):
        feeds.create_feed(user=user, series=shared_series, provider="scripted", symbol="S")
    clerk = make_user("clerk", is_staff=True)
    feed = feeds.create_feed(user=clerk, series=shared_series, provider="scripted", symbol="S")
    source.bars = make_bars(11)
    feeds.refresh_now(feed, user=clerk)
    run_jobs()
    assert len(stored(shared_series)) == 11
    assert feeds.refresh_due(feed.created_at + timedelta(days=2)) == 1
    assert BarImport.objects.filter(source="provider").latest("pk").user == clerk
    run_jobs()
    clerk.is_active = False
    clerk.save()
    feeds.refresh_due(feed.created_at + timedelta(days=4))
    assert BarImport.objects.filter(source="provider").latest("pk").user == staff
    run_jobs()
    staff.is_active = False
    staff.save()
    assert feeds.refresh_due(feed.created_at + timedelta(days=6)) == 0
    feed.refresh_from_db()
    assert "No active member of staff" in feed.last_error


def test_a_series_has_one_feed_and_a_derived_one_none(feed, user, source, series):
    with pytest.raises(FeedRefused, match="has a feed already"):
        feeds.create_feed(user=user, series=series, provider="scripted", symbol="X")
    derived = make_series(user, "WEEKLY", derived_from=series)
    with pytest.raises(FeedRefused, match="computed from another series"):
        feeds.create_feed(user=user, series=derived, provider="scripted", symbol="X")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "scriptd"}, "provider"),
        ({"symbol": " "}, "symbol"),
        ({"symbol": "x" * 65}, "symbol"),
        ({"symbol": "a\nb"}, "symbol"),
        ({"every": "2h"}, "every"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(user, source, series, change, field):
    values = {"provider": "scripted", "symbol": "X", "every": "1d"} | change
    with pytest.raises(InvalidInput) as caught:
        feeds.create_feed(user=user, series=series, **values)
    assert set(caught.value.fields) == {field}
    assert not Feed.objects.exists()


def test_a_provider_without_the_timeframe_is_refused(user, source):
    weekly = make_series(user, "W", timeframe="1w")
    with pytest.raises(InvalidInput, match="has no timeframe '1w'"):
        feeds.create_feed(user=user, series=weekly, provider="scripted", symbol="X")


def test_a_changed_feed_forgets_its_failures_and_is_due_at_once(feed, user, source):
    later = feed.created_at + timedelta(days=9)
    Feed.objects.filter(pk=feed.pk).update(failures=4, last_error="No.", next_at=later)
    changed_feed = feeds.change_feed(user=user, feed=feed, symbol="right.x")
    assert (changed_feed.failures, changed_feed.last_error, changed_feed.symbol) == (0, "", "right.x")
    assert changed_feed.next_at < later
    Feed.objects.filter(pk=feed.pk).update(next_at=feed.created_at + timedelta(days=7))
    often = feeds.change_feed(user=user, feed=feed, every="15m")
    assert often.next_at <= datetime.now(UTC) + timedelta(minutes=15)


def test_a_removed_feed_leaves_the_bars_and_its_running_refresh(feed, user, source, series, run_jobs):
    source.bars = make_bars(11)
    feeds.refresh_now(feed, user=user)
    feeds.remove_feed(user=user, feed=feed)
    (job,) = run_jobs()
    assert job.state == "succeeded"
    assert len(stored(series)) == 11
    with pytest.raises(FeedNotFound):
        feeds.refresh_now(feed, user=user)


# -- Over a real connection -------------------------------------------------------------------------------------


def test_a_feed_over_http_survives_trouble_and_hides_its_key(user, run_jobs, monkeypatch, tmp_path, caplog):
    names = ("1. open", "2. high", "3. low", "4. close", "5. adjusted close", "6. volume")
    rows = {}
    for row, time in enumerate(make_bars(12).time):
        rows[str(time)[:10]] = dict(
            zip(names, map(str, (100 + row, 102 + row, 99 + row, 101 + row, 101 + row, 1000)), strict=True)
        )
    server = LocalServer(lambda question: Answer({"Meta Data": {}, "Time Series (Daily)": rows}))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ALPHAVANTAGE_URL", server.url)
    monkeypatch.setenv("ALPHAVANTAGE_API_KEY", "TOPSECRET42")
    monkeypatch.setattr("marketdata.providers.courtesy.Courtesy.pause", lambda self, seconds, message: None)
    try:
        series = make_series(user, "IBM", source="alphavantage", adjustment="splits_dividends")
        feed = feeds.create_feed(user=user, series=series, provider="alphavantage", symbol="IBM")
        server.first = [Answer(status=503), Answer(reset=True), Answer({"cut": "x" * 999}, cut=True)]
        feeds.refresh_due(feed.next_at + SOON)
        (job,) = run_jobs()
        assert (job.state, job.error_detail) == ("succeeded", "")
        assert len(server.questions) == 4
        assert len(stored(series)) == 12
        server.respond = lambda question: Answer(
            {"Information": "Your key TOPSECRET42: 25 requests per day."}
        )
        feeds.refresh_now(feed, user=user)
        (job,) = run_jobs()
        assert job.error_code == "provider_rate_limited"
        feed.refresh_from_db()
        assert (feed.next_at - job.finished_at).total_seconds() == pytest.approx(86_400, abs=1)
        rows_said = str(list(BarImport.objects.values())) + str(list(Job.objects.values())) + feed.last_error
        assert "TOPSECRET42" not in rows_said + caplog.text
    finally:
        server.close()
