"""A sweep in a real job process that is cancelled, or killed on the way: it ends once, with one file or with none."""

import os
import signal
import time
from pathlib import Path

import pytest
from django.conf import settings

from algotrade.jobs import dispatch, events
from algotrade.jobs.models import Job
from algotrade.jobs.pool import LocalPool
from algotrade.jobs.tests.test_pool import database_url
from backtests.models import Sweep, TrialCount
from backtests.sweeps.services import SweepService
from backtests.sweeps.tests.slow_strategy import TakesItsTime
from strategies.registry import temporarily
from strategies.services import StrategyService

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services, pytest.mark.slow]


@pytest.fixture
def pool(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LAB_PLUGINS", "backtests.sweeps.tests.slow_plugin")
    monkeypatch.setenv("READ_DOT_ENV", "false")
    monkeypatch.setattr(events, "deliver", lambda owner_id, message: None)
    pool = LocalPool(1)
    monkeypatch.setattr(dispatch, "nudge", pool.nudge)
    pool.start()
    yield pool
    pool.stop()


@pytest.fixture
def slow_sweep(pool, user, series):
    with temporarily(TakesItsTime):
        strategy = StrategyService.create(
            user=user, name="Slow", strategy_type="takes_its_time", symbol="WAVE"
        )

        def make(cells):
            axes = [{"name": "number", "start": 1, "stop": cells, "step": 1}]
            return SweepService.submit(user=user, strategy=strategy, series=series, axes=axes)

        yield make


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.02)


def under_way(job):
    job.refresh_from_db()
    return job.state == "running" and " combinations" in job.message


def files():
    return [path for path in (Path(settings.MEDIA_ROOT) / "sweeps").rglob("*") if path.is_file()]


def test_a_running_sweep_stops_within_two_seconds_of_a_cancel(slow_sweep):
    sweep = slow_sweep(1000)
    job = Job.objects.get(pk=sweep.job_id)
    wait_until(lambda: under_way(job), 180)
    asked = time.monotonic()
    SweepService.cancel(sweep)
    wait_until(lambda: Sweep.objects.get(pk=sweep.pk).status == "cancelled", 20)
    assert time.monotonic() - asked < 10  # room for a busy machine; to its end it takes most of a minute
    assert files() == []
    assert not TrialCount.objects.exists()


def test_a_sweep_whose_process_is_killed_goes_on_where_it_was_and_is_counted_once(slow_sweep, tmp_path):
    sweep, undisturbed = slow_sweep(60), slow_sweep(60)
    job = Job.objects.get(pk=sweep.job_id)
    kept = tmp_path / "checkpoints" / str(job.pk)
    wait_until(lambda: len(list(kept.rglob("cells-*"))) > 2, 180)
    os.kill(int(Job.objects.get(pk=job.pk).worker.rsplit(":", 1)[1]), signal.SIGKILL)
    wait_until(lambda: Job.objects.get(pk=job.pk).attempt == 2, 180)
    wait_until(lambda: under_way(job), 180)
    assert int(job.message.split(" of ")[0]) > 4  # the next process began after what was kept
    wait_until(lambda: Sweep.objects.get(pk=sweep.pk).is_succeeded, 60)
    sweep.refresh_from_db()
    assert TrialCount.objects.get().count == 60
    assert [str(path.relative_to(settings.MEDIA_ROOT)) for path in files()] == [sweep.columns_path]
    wait_until(lambda: not kept.exists(), 5)
    wait_until(lambda: Sweep.objects.get(pk=undisturbed.pk).is_succeeded, 60)
    assert Sweep.objects.get(pk=undisturbed.pk).columns_sha256 == sweep.columns_sha256
