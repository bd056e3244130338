"""The demo command on a lab that people have worked in."""

from contextlib import nullcontext

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from algotrade.jobs.models import Job
from algotrade.jobs.services import submit
from algotrade.management.commands import demo
from backtests.models import BacktestResult
from mlmodels.models import MLModel
from strategies.models import Strategy

# The heartbeat of a job has a connection of its own: it must see the rows.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(tmp_path, settings, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(demo, "LOGINS", tmp_path / "demo_logins.json")
    monkeypatch.setattr(demo.warmth, "warm_up", lambda **_: None)
    monkeypatch.setattr(demo.warmth, "helper", nullcontext)
    return lambda: call_command("demo")


def test_the_first_start_runs_its_backtests_and_the_second_leaves_waiting_work_to_the_server(start):
    start()
    assert {result.status for result in BacktestResult.objects.all()} == {"succeeded"}
    assert [(model.name, model.status) for model in MLModel.objects.all()] == [(demo.MODEL["name"], "queued")]
    analyst = get_user_model().objects.get(username=demo.ANALYST)
    waiting = submit(kind="marketdata.generate", owner=analyst, title="An hour of work")
    start()
    waiting.refresh_from_db()
    assert waiting.state == Job.State.QUEUED
    assert Strategy.objects.count() == len(demo.STRATEGIES)
