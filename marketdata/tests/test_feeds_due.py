"""Feeds are queued when they are due, once, and put off after failures."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from algotrade.jobs.models import Job
from algotrade.jobs.services import request_cancel
from marketdata.errors import FeedBusy, ProviderUnavailable, RateLimited
from marketdata.incoming import feeds
from marketdata.models import BarImport, Feed
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

SOON = timedelta(seconds=1)


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
