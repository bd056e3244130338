"""A small sweep that the tests of this package share."""

import pytest

from algotrade.jobs.context import JobContext
from algotrade.jobs.models import Job
from backtests.models import Sweep
from backtests.sweeps.services import SweepService
from backtests.sweeps.tasks import run_sweep
from backtests.tests.conftest import finish, series, strategy  # noqa: F401  fixtures

AXES = [
    {"name": "fast_period", "start": 2, "stop": 10, "step": 2},
    {"name": "slow_period", "values": [6, 12, 24]},
]


@pytest.fixture
def sweep_of(user, strategy, series):  # noqa: F811
    """Ask for a sweep; keyword arguments replace what is asked for."""

    def make(**changes):
        asked = {"user": user, "strategy": strategy, "series": series, "axes": AXES} | changes
        return SweepService.submit(**asked)

    return make


@pytest.fixture
def compute():
    """Compute a sweep and end its job, without the runner around it (which would leave the test's transaction)."""

    def work(sweep):
        job = Job.objects.get(pk=sweep.job_id)
        assert job.claim("test:1")
        job.succeed(run_sweep(JobContext(job)), {"queue_seconds": 0.01})
        return Sweep.objects.select_related("snapshot", "series", "user").get(pk=sweep.pk)

    return work


@pytest.fixture
def swept(sweep_of, compute):
    """Five fast periods by three slow ones: 15 combinations, of which 13 can be run."""
    return compute(sweep_of(configuration={"commission": 0.001}))
