"""The pages of models, for an owner, a stranger and nobody: lists, the form, progress and the report."""

import html
import re

import pytest
from django.urls import reverse

from algotrade.jobs import services as job_services
from marketdata.models import Series
from mlmodels.models import MLModel
from mlmodels.presentation.report import importance_bars
from mlmodels.tests.conftest import finish

pytestmark = pytest.mark.django_db


def form_values(series, **changes):
    given = {
        "name": "Echo",
        "series": series.pk,
        "algorithm": "logistic_regression",
        "sent": "1",
        "features": ["log_return", "rsi"],
        "feature-log_return": "1-5; 20",
        "feature-rsi": "7, 14",
        "label": "fixed_horizon",
        "horizon": 1,
        "validation": "walk_forward",
        "folds": 2,
        "embargo": 0,
        "class_weight": "none",
        "calibration": "none",
        "search": "none",
        "cost_rate": 0.1,
        "seed": 1,
        "hyper-strength": 0.01,
        "hyper-max_iterations": 300,
    }
    return {**given, **changes}


def test_the_empty_list_says_what_to_do_next(page):
    answer = page.get(reverse("mlmodels:list"))
    assert b"No models yet" in answer.content
    assert reverse("mlmodels:create").encode() in answer.content


def test_the_list_shows_the_base_rate_beside_the_accuracy(train, submit, django_assert_max_num_queries, page):
    model = train()
    submit()
    with django_assert_max_num_queries(8):
        text = page.get(reverse("mlmodels:list")).content.decode()
    assert f"{model.accuracy:.3f}" in text
    assert f"{model.base_rate:.3f}" in text
    assert "Queued" in text


@pytest.mark.parametrize(
    "query", ["sort=accuracy", "sort=-created_at", "sort=password", "status=failed", "page=99"]
)
def test_the_list_sorts_and_filters_and_ignores_nonsense(submit, query, page):
    submit()
    assert page.get(f"{reverse('mlmodels:list')}?{query}").status_code == 200


def test_a_form_becomes_a_training(series, page):
    answer = page.post(reverse("mlmodels:create"), form_values(series))
    model = MLModel.objects.get()
    assert answer.url == model.get_absolute_url()
    assert model.configuration["horizon"] == 1
    spans = [1, 2, 3, 4, 5, 20]
    assert model.configuration["features"] == [*(f"log_return({n})" for n in spans), "rsi(7)", "rsi(14)"]
    assert model.job.payload == {"model_id": model.pk}


def test_choosing_another_algorithm_keeps_what_was_typed(series, page):
    query = {**form_values(series, algorithm="xgboost", name="Kept", horizon=7)}
    text = page.get(reverse("mlmodels:create"), query, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert 'name="hyper-learning_rate"' in text
    assert 'name="hyper-strength"' not in text
    assert 'value="Kept"' in text
    assert 'value="7"' in text


def test_refusals_stand_beside_their_fields_and_keep_the_input(series, page):
    answer = page.post(reverse("mlmodels:create"), form_values(series, folds=20, horizon=40, name="Kept"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "700 bars are too few for 20 folds" in text
    assert 'value="Kept"' in text
    answer = page.post(reverse("mlmodels:create"), form_values(series, **{"hyper-strength": 0}))
    assert answer.status_code == 422
    assert "is out of bounds" in answer.content.decode()
    assert not MLModel.objects.exists()


def test_a_series_without_volume_refuses_volume_features_in_the_form(series, monkeypatch, page):
    from mlmodels.services import training

    real = training.open_snapshot

    def silent(*given):
        bars = real(*given)
        columns = {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close")}
        return type(bars).trusted(**columns, volume=bars.volume * 0.0)

    monkeypatch.setattr(training, "open_snapshot", silent)
    answer = page.post(reverse("mlmodels:create"), form_values(series, features=["volume_ratio"]))
    assert "carry no volume" in answer.content.decode()


def test_the_page_is_live_while_training_then_shows_the_report(submit, page):
    model = submit()
    url = model.get_absolute_url()
    waiting = page.get(url).content.decode()
    assert f'data-fragment-url="{url}"' in waiting
    assert waiting.count('id="model-settings"') == 1
    assert "hx-swap-oob" not in waiting
    finish(model)
    fragment = page.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "data-job=" not in fragment
    assert 'id="model-settings" hx-swap-oob="true"' in fragment
    assert f"± {model.accuracy_error:.3f}, one standard error" in fragment
    assert "base rate of" in fragment
    assert "always saying" in fragment
    assert fragment.count("<svg class") >= 3
    assert f"{model.metrics['folds'][0]['score']['accuracy']:.3f}" in fragment
    assert model.snapshot_sha256[:16] in fragment
    assert "style=" not in fragment
    assert f"parameters-model={model.pk}" in fragment


def test_the_link_to_a_strategy_fills_in_its_form(train, page):
    model = train()
    link = re.search(r'href="([^"]*ml_signal[^"]*)"', page.get(model.get_absolute_url()).content.decode())[1]
    text = page.get(html.unescape(link)).content.decode()
    assert f'<option value="{model.pk}" selected' in text
    assert 'value="AR"' in text
    assert 'value="Echo"' in text


def test_a_cancelled_and_a_failed_training_offer_another_try(submit, monkeypatch, page):
    model = submit()
    job_services.request_cancel(model.job)
    assert "was cancelled" in page.get(model.get_absolute_url()).content.decode()
    MLModel.objects.update(status="failed", error_detail="Too few bars. Take more.")
    text = page.get(model.get_absolute_url()).content.decode()
    assert "Too few bars. Take more." in text
    assert reverse("jobs:retry", args=[model.job.pk]) in text


def test_deleting_asks_first_and_explains_a_refusal(submit, train, page):
    model = submit()
    url = reverse("mlmodels:delete", args=[model.pk])
    assert "Delete model" in page.get(url).content.decode()
    assert MLModel.objects.exists()
    answer = page.post(url, follow=True)
    assert "is being trained" in answer.content.decode()
    finish(model)
    page.post(url)
    assert not MLModel.objects.exists()


@pytest.mark.parametrize("name", ["detail", "delete"])
def test_a_stranger_finds_nothing(submit, name, page_other):
    url = reverse(f"mlmodels:{name}", args=[submit().pk])
    assert page_other.get(url).status_code == 404
    assert page_other.post(url).status_code in {404, 405}
    assert MLModel.objects.count() == 1
    assert b"Echo" not in page_other.get(reverse("mlmodels:list")).content


def test_a_strangers_series_is_not_a_choice(series, page_other):
    answer = page_other.post(reverse("mlmodels:create"), form_values(series))
    assert answer.status_code == 422
    assert not MLModel.objects.exists()
    Series.objects.update(user=None)
    assert page_other.post(reverse("mlmodels:create"), form_values(series)).status_code == 302


@pytest.mark.parametrize("name", ["list", "create"])
def test_pages_ask_for_a_log_in(client, name, db):
    answer = client.get(reverse(f"mlmodels:{name}"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("accounts:login"))


def test_bars_of_importance_stay_on_their_scale():
    rows = [
        {"name": "a", "label": "A", "mean": 0.03, "spread": 0.01},
        {"name": "b", "label": "B", "mean": -0.02, "spread": 0.01},
    ]
    first, second = importance_bars(rows)
    # the scale ends at 0.03 + 0.01
    assert (first["width"], first["low"], first["high"], first["clear"]) == ("75.00", "50.00", "100.00", True)
    assert (second["width"], second["low"], second["high"], second["clear"]) == (
        "0.00",
        "0.00",
        "0.00",
        False,
    )
