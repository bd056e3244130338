"""Series of minutes to derive others from, for tests."""

from algotrade.jobs.models import Job
from marketdata.services import current_snapshot, open_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series


def minutes(count=120, start="2024-01-01T00:00", price=100.0):
    return make_bars(count, start, "m", price)


def make_minutes(user, bars=None, **fields):
    return make_series(user, "ABC", minutes() if bars is None else bars, timeframe="1m", **fields)


def bars_of(series):
    series.refresh_from_db()
    return open_snapshot(current_snapshot(series))


def succeeded(jobs):
    jobs = list(jobs)
    assert [(job.state, job.error_detail) for job in jobs] == [(Job.State.SUCCEEDED, "")] * len(jobs)
    return jobs
