"""Training as a job, run in this process from claim to terminal state."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from algotrade.jobs import services as job_services
from algotrade.jobs.errors import JobCancelled
from algotrade.jobs.models import Job, Worker
from algotrade.jobs.queueing import waiting
from marketdata.errors import SeriesInUse
from marketdata.services import delete_series
from mlmodels import artifacts, store
from mlmodels.errors import (
    ArtifactDamaged,
    ModelBusy,
    ModelInUse,
    ModelNotFound,
    ModelNotReady,
    TrainingError,
)
from mlmodels.models import MLModel
from mlmodels.services import MLModelService, check_reference, reference_choices
from mlmodels.tests.conftest import finish
from mlmodels.training import MLPredictor
from strategies.services import StrategyService

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.mark.parametrize(
    ("algorithm", "hyper"),
    [("logistic_regression", {}), ("random_forest", {"trees": 10}), ("xgboost", {"trees": 10})],
)
def test_a_training_ends_with_a_report_and_a_model_that_opens(train, algorithm, hyper, series):
    model = train(algorithm=algorithm, hyperparameters=hyper)
    assert (model.status, model.job.state) == ("succeeded", "succeeded")
    assert model.accuracy == model.metrics["overall"]["accuracy"]
    assert 0.5 <= model.base_rate < 0.6
    assert len(model.metrics["folds"]) == 2
    assert {row["name"] for row in model.feature_importance} == {"log_return(1)", "log_return(2)", "rsi(14)"}
    assert model.provenance["data_sha256"] == series.content_sha256 == model.snapshot_sha256
    assert (model.bar_count, model.last_time) == (700, series.last_time)
    assert model.first_time < model.first_prediction < model.last_time
    assert store.open_model(model.pk).record.time.size == 700
    assert store.path_of(model).stat().st_size == model.artifact_size
    assert not list(store.directory().glob(".draft-*"))


def test_a_training_counts_in_the_ledger_what_it_tried_and_keeps_the_figures_of_lists(train, user):
    model = train(search="random", search_trials=3, controls=False)
    assert model.sharpe_ratio == model.metrics["trading"]["sharpe"]
    assert model.net_return == model.metrics["trading"]["net_return"]
    margins = len(model.metrics["thresholds"]["points"])
    counted = user.trial_counts.get()
    assert (
        counted.count == model.metrics["search"]["evaluated"] + margins
    )  # one of the margins is the model itself
    assert (
        model.metrics["search"]["evaluated"] >= 9
    )  # three trials in each of two folds, and for the final model


def test_a_training_whose_end_is_not_stored_counts_nothing(submit, user, monkeypatch):
    model = submit()

    def fail(self, **results):
        raise ZeroDivisionError

    monkeypatch.setattr(MLModel, "record_training", fail)
    finish(model)
    assert model.status == "failed"
    assert not user.trial_counts.exists()
    assert not list(store.directory().iterdir())


def test_a_cancel_after_the_file_was_written_leaves_none_and_takes_no_other(train, submit, monkeypatch):
    kept, model = train(), submit()
    save, written = artifacts.save, []

    def save_and_notice_the_cancel(*given):
        written.append(save(*given)[0])
        raise JobCancelled

    monkeypatch.setattr(artifacts, "save", save_and_notice_the_cancel)
    finish(model)
    assert model.status == "cancelled"
    assert written[0].parent == store.directory()
    assert list(store.directory().iterdir()) == [store.path_of(kept)]
    monkeypatch.undo()
    job_services.requeue(model.job)
    finish(model)
    assert store.path_of(model).exists()


def test_training_again_under_the_same_name_makes_the_next_version(submit, other_user):
    first, second = submit(), submit(name="  Echo ")
    assert (str(first), str(second)) == ("Echo", "Echo v2")


def test_a_period_leaves_the_rest_of_the_series_untouched(train, series):
    model = train(end_date=series.first_time.date().replace(year=2001, month=10, day=31))
    assert model.bar_count == 670
    assert f"{model.last_time:%Y-%m-%d}" == "2001-10-31"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": " "}, "name", "Give the model a name"),
        ({"name": "x" * 101}, "name", "at most 100"),
        ({"horizon": 0}, "horizon", "from 1 to 250"),
        ({"folds": 20, "horizon": 50}, "folds", "700 bars are too few"),
        ({"algorithm": "oracle"}, "algorithm", "There are: "),
        ({"series": 10**9}, "series", "no such series"),
    ],
)
def test_what_can_be_known_is_refused_before_a_job_exists(submit, changes, field, said):
    with pytest.raises(TrainingError) as caught:
        submit(**changes)
    assert said in caught.value.fields[field][0]
    assert not Job.objects.exists()
    assert not MLModel.objects.exists()


def test_a_strangers_series_cannot_be_trained_on(submit, other_user):
    with pytest.raises(TrainingError) as caught:
        submit(user=other_user)
    assert "series" in caught.value.fields


def test_trainings_of_one_owner_run_one_after_another_and_leave_a_place_to_others(submit, other_user):
    first, second = submit(), submit()
    theirs = job_services.submit(kind="backtests.run", owner=other_user, title="Theirs")
    own = job_services.submit(kind="backtests.run", owner=first.user, title="Mine")
    claimed = [Job.objects.claim_next("host:1").pk for _ in range(3)]
    assert claimed == [first.job.pk, theirs.pk, own.pk]
    assert Job.objects.claim_next("host:1") is None
    Worker.objects.create(name="host:1", places=2)
    assert "one runs at a time for each account" in waiting([second.job])[second.job.pk].reason
    first.job.refresh_from_db()
    first.job.cancel()
    assert Job.objects.claim_next("host:1").pk == second.job.pk


def test_two_workers_at_the_same_moment_do_not_take_both_trainings_of_one_owner(submit):
    jobs, together = [submit().job, submit().job], Barrier(2)

    def claim(job):
        try:
            together.wait(10)
            return job.claim(f"host:{job.pk}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(claim, jobs)) == [False, True]
    assert Job.objects.running().count() == 1


def test_a_waiting_training_can_be_cancelled(submit):
    model = submit()
    job_services.request_cancel(model.job)
    model.refresh_from_db()
    assert model.status == "cancelled"
    assert model.artifact_path == ""


@pytest.mark.skipif(
    "connection.vendor == 'sqlite' and connection.is_in_memory_db()", reason="one connection only"
)
def test_a_running_training_stops_between_batches_when_cancelled(submit, monkeypatch):
    model = submit(algorithm="random_forest", hyperparameters={"trees": 1000}, folds=3)
    ticks = []

    def cancel_soon(context, fraction, message=""):
        ticks.append(fraction)
        if len(ticks) == 10:
            job_services.request_cancel(Job.objects.get(pk=context.job_id))
            context._stop.set()  # what the heartbeat does within a second
        context.check()

    monkeypatch.setattr("algotrade.jobs.context.JobContext.progress", cancel_soon)
    finish(model)
    assert model.status == "cancelled"
    assert len(ticks) == 10
    assert not store.directory().exists() or not list(store.directory().iterdir())


def test_a_training_that_fails_says_why_on_the_model(submit, monkeypatch):
    model = submit()

    def refuse(self, *given, **named):
        raise TrainingError("Nothing to tell apart. Take another period.")

    monkeypatch.setattr(MLPredictor, "train", refuse)
    finish(model)
    assert (model.status, model.error_code) == ("failed", "training_invalid")
    assert model.error_detail == "Nothing to tell apart. Take another period."
    monkeypatch.undo()
    job_services.requeue(model.job)
    finish(model)
    assert (model.status, model.error_code) == ("succeeded", "")


def test_deleting_a_model_removes_its_file(train):
    model = train()
    path = store.path_of(model)
    MLModelService.delete(model)
    assert not path.exists()
    assert not MLModel.objects.exists()
    assert Job.objects.get().result_url == ""  # the list of jobs leads nowhere


def test_deleting_the_user_takes_models_and_files_along(train, user):
    path = store.path_of(train())
    user.delete()
    assert not path.exists()
    assert not MLModel.objects.exists()


def test_a_model_in_training_or_in_use_is_not_deleted(submit, user):
    model = submit()
    with pytest.raises(ModelBusy, match="Cancel its training"):
        MLModelService.delete(model)
    finish(model)
    strategy = StrategyService.create(
        user=user, name="Follow it", strategy_type="ml_signal", symbol="AR", parameters={"model": model.pk}
    )
    assert strategy.use_ml
    with pytest.raises(ModelInUse, match="“Follow it”"):
        MLModelService.delete(model)
    strategy.delete()
    MLModelService.delete(model)


def test_a_series_with_models_is_not_deleted(train, series):
    train()
    with pytest.raises(SeriesInUse):
        delete_series(series)


def test_only_the_owners_trained_models_can_be_named(train, submit, user, other_user):
    model, waiting = train(), submit()
    check_reference(user, model.pk)
    assert reference_choices(user) == [(model.pk, "Echo (Logistic regression, AR 1d)")]
    assert reference_choices(other_user) == []
    with pytest.raises(ModelNotFound):
        check_reference(other_user, model.pk)
    with pytest.raises(ModelNotReady, match="queued"):
        check_reference(user, waiting.pk)


def test_a_model_whose_file_was_changed_is_not_opened(train):
    model = train()
    path = store.path_of(model)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactDamaged, match="checksum differs"):
        store.open_record(model)
    with pytest.raises(ArtifactDamaged, match="checksum differs"):
        store.open_model(model.pk)


def test_an_open_model_is_kept_until_its_file_changes_or_goes(train):
    model = train()
    path = store.path_of(model)
    opened = store.open_model(model.pk)
    assert store.open_model(model.pk) is opened
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ArtifactDamaged, match="checksum differs"):
        store.open_model(model.pk)
    path.unlink()
    with pytest.raises(ArtifactDamaged, match="missing"):
        store.open_model(model.pk)


def test_a_path_that_leads_elsewhere_is_not_opened(train, media_root):
    model = train()
    (media_root / "secret.txt").write_text("secret")
    model.artifact_path = "models/../secret.txt"
    with pytest.raises(ArtifactDamaged):
        store.path_of(model)


assert connection  # the skip condition reads it
