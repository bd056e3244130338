"""Feeds: whose they are, what they may be, and one over a real connection."""

from datetime import UTC, datetime, timedelta

import pytest

from algotrade.errors import InvalidInput, NotAllowed
from algotrade.jobs.models import Job
from marketdata.errors import FeedNotFound, FeedRefused
from marketdata.incoming import feeds
from marketdata.models import BarImport, Feed
from marketdata.providers.tests.server import Answer, LocalServer
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series
from marketdata.tests.scripted import stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

SOON = timedelta(seconds=1)


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
