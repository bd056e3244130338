"""Which version counts, what is noted, and what becomes of strategies whose model goes."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from algotrade.errors import LabError
from mlmodels.errors import (
    ModelBusy,
    ModelInUse,
    ModelNotFound,
    ModelNotReady,
    ModelRetired,
    NoteInvalid,
)
from mlmodels.models import MLModel
from mlmodels.services import MLModelService, check_choice, check_reference, reference_choices
from mlmodels.tests.conftest import finish
from strategies.errors import StrategyInvalid
from strategies.services import StrategyService

pytestmark = pytest.mark.django_db


def follow(user, model, name="Follow it"):
    return StrategyService.create(
        user=user, name=name, strategy_type="ml_signal", symbol="AR", parameters={"model": model.pk}
    )


def run(api, strategy):
    """The answer to asking for a backtest of the strategy."""
    return api.post("/api/backtests/run/", {"strategy": strategy.pk}, format="json")


def stages():
    return list(MLModel.objects.order_by("name", "version").values_list("stage", flat=True))


def test_promoting_replaces_the_promoted_version_of_the_same_name_and_no_other(train):
    first, second, other = train(), train(), train(name="Another")
    MLModelService.promote(first)
    MLModelService.promote(other)
    assert stages() == ["promoted", "promoted", "candidate"]
    assert MLModelService.promote(second).is_promoted
    assert MLModelService.promote(second).is_promoted
    assert stages() == ["promoted", "candidate", "promoted"]


def test_the_database_too_keeps_one_promoted_version_a_name(train):
    first, second = train(), train()
    MLModelService.promote(first)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.enter_stage(MLModel.Stage.PROMOTED)


@pytest.mark.parametrize("verb", ["promote", "retire", "reinstate"])
def test_only_a_trained_model_changes_its_stage(submit, verb):
    with pytest.raises(ModelNotReady, match="queued"):
        getattr(MLModelService, verb)(submit())
    assert stages() == ["candidate"]


def test_a_retired_model_is_chosen_for_no_new_strategy_but_old_ones_go_on(train, user, api):
    model = train()
    old = follow(user, model)
    MLModelService.retire(model)
    with pytest.raises(StrategyInvalid) as caught:
        follow(user, model, "Another")
    assert "was retired" in caught.value.fields["parameters.model"][0]
    assert StrategyService.update(old, name="Renamed", parameters={"model": model.pk}).name == "Renamed"
    assert run(api, old).status_code == 202
    with pytest.raises(ModelRetired):
        check_choice(user, model.pk)
    check_reference(user, model.pk)
    MLModelService.reinstate(model)
    check_choice(user, model.pk)


def test_choices_begin_with_the_promoted_and_end_with_the_retired(train, user):
    retired, candidate, promoted = train(name="Old"), train(name="New"), train(name="Best")
    MLModelService.retire(retired)
    MLModelService.promote(promoted)
    train(name="Newest")
    offered = dict(reference_choices(user))
    assert [label.split(" (")[0] for label in offered.values()] == ["Best", "Newest", "New", "Old"]
    assert offered[promoted.pk].endswith(", promoted)")
    assert offered[retired.pk].endswith(", retired)")
    assert offered[candidate.pk] == "New (Logistic regression, AR 1d)"


def test_a_note_is_kept_forgotten_and_refused(submit):
    model = submit()
    assert (
        MLModelService.set_note(model, "  first try,\r\nwithout volume ").note == "first try,\nwithout volume"
    )
    MLModelService.set_note(model, "x" * 2_000)
    for wrong, said in (
        ("x" * 2_001, "2001 characters"),
        ("a\x00", "NUL"),
        (None, "as text"),
        (3, "as text"),
    ):
        with pytest.raises(NoteInvalid, match=said):
            MLModelService.set_note(model, wrong)
    model.refresh_from_db()
    assert model.note == "x" * 2_000
    assert MLModelService.set_note(model, " ").note == ""


def test_a_model_in_use_is_deleted_by_choice_and_its_strategies_say_what_they_need(train, user, api):
    model, other = train(), train(name="Other")
    strategy = follow(user, model)
    with pytest.raises(ModelInUse, match=r"“Follow it”.*leave them without one"):
        MLModelService.delete(model)
    MLModelService.delete(model, detach=True)
    strategy.refresh_from_db()
    assert strategy.parameters["model"] == model.pk  # nothing else of it is lost
    assert next(row for row in strategy.parameter_rows() if row["name"] == "model")["value"] == (
        f"deleted (it had number {model.pk})"
    )
    refused_run = run(api, strategy)
    assert refused_run.status_code == 400
    assert f"no model {model.pk}: it was deleted" in refused_run.data["fields"]["strategy"][0]
    StrategyService.update(strategy, name="Renamed")
    with pytest.raises(StrategyInvalid) as refused:
        StrategyService.update(strategy, merge=True, parameters={"margin": 0.1})
    assert "Choose another model" in refused.value.fields["parameters.model"][0]
    strategy.refresh_from_db()
    StrategyService.update(strategy, merge=True, parameters={"model": other.pk})
    assert run(api, strategy).status_code == 202


def test_a_copy_of_a_strategy_does_not_name_a_model_that_no_new_one_may_choose(train, user, page):
    model = train()
    strategy = follow(user, model)
    assert StrategyService.duplicate(strategy).parameters == strategy.parameters
    MLModelService.retire(model)
    copy = StrategyService.duplicate(strategy)
    assert copy.parameters == {key: value for key, value in strategy.parameters.items() if key != "model"}
    assert StrategyService.duplicate(copy).parameters == copy.parameters
    MLModelService.delete(model, detach=True)
    answer = page.post(f"/strategies/{strategy.pk}/duplicate/", follow=True)
    assert "Left out, because it was deleted or retired: Model" in answer.content.decode()
    made = type(strategy).objects.order_by("-pk").first()
    assert "model" not in made.parameters
    assert page.get(made.get_absolute_url()).status_code == 200
    assert run_page(page, made).status_code == 422


def run_page(page, strategy):
    """The answer to the form that would run it."""
    return page.post("/backtests/new/", {"strategy": strategy.pk})


def test_a_refusal_names_four_strategies_at_most_and_none_of_others(train, user, other_user):
    model = train()
    for number in range(6):
        follow(user, model, f"S{number}")
    with pytest.raises(ModelInUse) as caught:
        MLModelService.delete(model)
    assert caught.value.detail.count("“S") == 4
    strategy = follow(user, model, "Moved")
    type(strategy).objects.exclude(pk=strategy.pk).delete()
    type(strategy).objects.filter(pk=strategy.pk).update(user=other_user)
    with pytest.raises(ModelInUse) as caught:
        MLModelService.delete(model)
    assert "Moved" not in caught.value.detail
    assert "others" in caught.value.detail


def test_a_training_model_is_not_deleted_even_detached(submit):
    with pytest.raises(ModelBusy):
        MLModelService.delete(submit(), detach=True)


@pytest.mark.parametrize("verb", ["promote", "retire", "reinstate", "delete", "check_drift"])
def test_a_model_that_was_deleted_meanwhile_is_not_found(train, verb):
    model = train()
    MLModel.objects.get(pk=model.pk).delete()
    with pytest.raises(ModelNotFound if verb != "check_drift" else LabError):
        getattr(MLModelService, verb)(model)


def test_a_report_of_the_version_before_is_told_by_its_format(submit):
    model = submit()
    assert model.report_format == 0
    finish(model)
    assert model.report_format == 2
    assert (model.auc, model.verdict) == (
        model.metrics["overall"]["auc"],
        model.metrics["overall"]["verdict"],
    )
    model.metrics = {"overall": model.metrics["overall"]}
    assert model.report_format == 1


def test_models_of_the_version_before_get_their_verdict_into_lists(train, submit):
    model, waiting = train(), submit()
    verdict = model.verdict
    MLModel.objects.update(verdict="")
    migration = import_module("mlmodels.migrations.0003_verdicts_of_stored_models")
    migration.copy_verdicts(apps, None)
    model.refresh_from_db()
    waiting.refresh_from_db()
    assert (model.verdict, waiting.verdict) == (verdict, "")
    assert verdict in {"no_better", "within_noise", "better"}
