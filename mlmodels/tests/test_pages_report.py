"""The page of a trained model: every part of the report, the registry's buttons, drift, download, older reports."""

import csv
import io
import re

import pytest
from django.urls import reverse

from algotrade.jobs.runner import run
from mlmodels.models import MLModel
from mlmodels.services import MLModelService
from strategies.services import StrategyService

pytestmark = pytest.mark.django_db


def text_of(page, model):
    return page.get(model.get_absolute_url()).content.decode()


def lines_of(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def of(name, model):
    return reverse(f"mlmodels:{name}", args=[model.pk])


@pytest.fixture
def model(train):
    return train()


@pytest.fixture
def older(model):
    """As the version before has left it: format 1, features with underscores."""
    scores = ("rows", "effective_rows", "log_loss", "base_log_loss", "brier", "accuracy", "accuracy_error", "base_rate",
              "majority", "standard_errors_above", "verdict")  # fmt: skip
    ends = ("number", "train_start", "train_end", "train_rows", "test_start", "test_end")

    def old_score(score):
        return {name: score[name] for name in scores}

    metrics = model.metrics
    model.metrics = {
        "overall": old_score(metrics["overall"]),
        "folds": [{**{n: f[n] for n in ends}, "score": old_score(f["score"])} for f in metrics["folds"]],
        "calibration": [
            {n: part[n] for n in ("rows", "predicted", "observed")} for part in metrics["calibration"]
        ],
        "labelled_rows": metrics["labelled_rows"],
    }
    kept = ("algorithm", "hyperparameters", "label", "horizon", "barrier_width", "folds", "embargo", "seed")
    model.configuration = {n: model.configuration[n] for n in kept} | {"features": ["log_return_1", "rsi_14"]}
    model.feature_importance = [
        {n: r[n] for n in ("name", "label", "mean", "spread")} for r in model.feature_importance
    ]
    model.save()
    return model


def test_the_report_tells_the_doubts_before_the_figures(model, page):
    text = text_of(page, model)
    places = [
        text.index(mark)
        for mark in ('data-verdict="', 'id="doubts-title"', 'class="stats"', 'id="controls-title"')
    ]
    assert places == sorted(places)
    for title in ("folds-title", "curve-roc", "curve-precision_recall", "curve-calibration", "curve-thresholds",
                  "equity-chart", "importance-title", "stability-title", "drift-title", "note-title",
                  "versions-title", "settings-title", "provenance-title"):  # fmt: skip
        assert f'id="{title}"' in text, title
    for control in ("model", "majority", "shuffled_labels", "random_walk", "buy_and_hold"):
        assert f'data-control="{control}"' in text
    assert " style=" not in text
    assert "No feature looks ahead" in text
    assert "A leak at one bar in a hundred that moves a feature by more than a millionth" in text
    assert len(re.findall(r'<svg class="fold-bar"[^>]*role="img" aria-label="Fold ', text)) == 2


def test_a_failed_control_is_the_first_thing_said(model, page):
    for control in model.metrics["controls"]:
        if control["key"] == "random_walk":
            control.update(accuracy=0.71, passed=False)
    model.save()
    text = text_of(page, model)
    assert re.search(
        r'<ul class="verdict-list">\s*<li class="verdict-item verdict-severe" data-doubt="control_random_walk"',
        text,
    )
    assert "outside its band" in text


def test_curves_and_their_tables_come_from_the_same_values(model, page):
    curves = page.get(of("curves", model)).json()["curves"]
    assert set(curves) == {"roc", "precision_recall", "calibration", "thresholds"}
    assert curves["roc"]["lines"][1]["points"] == [[0.0, 0.0], [1.0, 1.0]]
    rows = lines_of(page.get(of("curves_csv", model) + "?curve=roc"))
    assert len(rows) == 1 + len(curves["roc"]["lines"][0]["points"]) + 2
    assert page.get(of("curves_csv", model) + "?curve=nonsense").status_code == 404


def test_the_equity_is_taken_away_line_by_line(model, page):
    address = of("curves_csv", model) + "?curve=equity"
    assert address in text_of(page, model)
    head, *rows = lines_of(page.get(address))
    assert head == ["unix_time", "line", "growth_of_100"]
    trading = model.metrics["trading"]
    strategy = [row for row in rows if row[1] == "Strategy"]
    assert len(strategy) == len(trading["equity"])
    assert float(strategy[-1][2]) == pytest.approx(100.0 * trading["equity"][-1][1])
    assert len(rows) == len(trading["equity"]) + len(trading["buy_and_hold"]["equity"])


def test_the_equity_is_growth_of_one_hundred_beside_buy_and_hold(model, page):
    found = page.get(of("equity_data", model)).json()
    trading = model.metrics["trading"]
    assert found["equity"][-1][1] == pytest.approx(100.0 * trading["equity"][-1][1])
    assert len(found["benchmark"]) == len(trading["buy_and_hold"]["equity"])


def test_combinatorial_models_show_their_paths_and_promise_no_trades_of_the_past(train, page):
    model = train(validation="combinatorial", folds=4, test_folds=2)
    text = text_of(page, model)
    assert 'id="paths-title"' in text
    assert 'data-doubt="not_causal"' in text
    assert "on out-of-fold predictions up to" not in text


def test_a_search_shows_its_tries(train, page):
    text = text_of(page, train(search="random", search_trials=2))
    assert 'id="search-title"' in text
    assert text.count("chosen</span>") == 3  # two folds and the final model
    assert "Freedom of the weights (C)" in text


def test_importance_inside_the_training_is_closed_and_labelled(train, page):
    text = text_of(page, train(algorithm="random_forest", hyperparameters={"trees": 5}))
    assert re.search(r'<details class="in-sample"><summary><span class="tag[^"]*">IN-SAMPLE</span>', text)


def test_an_older_report_opens_and_shows_what_it_has(older, page):
    text = text_of(page, older)
    assert "trained by an earlier version" in text
    assert 'id="folds-title"' in text
    assert 'id="curve-calibration"' in text
    assert "RSI, 14 bars" in text
    for absent in ("controls-title", "curve-roc", "equity-chart", "stability-title", "paths-title"):
        assert f'id="{absent}"' not in text
    assert page.get(of("curves", older)).json()["curves"].keys() == {"calibration"}
    assert page.get(of("equity_data", older)).json() == {"equity": [], "benchmark": []}


@pytest.mark.parametrize("stage", ["promoted", "retired", "candidate"])
def test_buttons_change_what_a_model_is_kept_for(stage, model, page):
    assert page.post(of("stage", model), {"stage": stage}).url == model.get_absolute_url()
    model.refresh_from_db()
    assert model.stage == stage


def test_a_stage_that_does_not_exist_is_refused_in_words(model, page):
    answer = page.post(of("stage", model), {"stage": "famous"}, follow=True)
    assert "Choose what the model is kept for" in answer.content.decode()
    model.refresh_from_db()
    assert model.stage == "candidate"


def test_a_retired_model_offers_no_new_strategy(model, page):
    MLModelService.retire(model)
    text = text_of(page, model)
    assert "Make a strategy from it" not in text
    assert 'value="candidate"' in text


def test_a_note_is_kept_and_a_refused_one_stays_in_its_field(model, page):
    page.post(of("note", model), {"note": "  keep for autumn  "})
    model.refresh_from_db()
    assert model.note == "keep for autumn"
    assert "keep for autumn" in text_of(page, model)
    answer = page.post(of("note", model), {"note": "x" * 3000})
    assert answer.status_code == 422
    assert "x" * 3000 in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    model.refresh_from_db()
    assert model.note == "keep for autumn"


def test_the_file_is_downloaded_as_it_was_stored(model, page):
    answer = page.get(of("download", model))
    assert answer["Content-Length"] == str(model.artifact_size)
    assert model.artifact_sha256 in answer["ETag"]


def test_a_damaged_file_is_refused_in_words(model, page):
    from mlmodels import store

    store.path_of(model).write_bytes(b"something else")
    answer = page.get(of("download", model), follow=True)
    assert answer.redirect_chain
    assert 'class="notice notice-error' in answer.content.decode()


def test_deleting_a_model_that_strategies_use_names_them_and_leaves_them_without(model, user, page):
    made = StrategyService.create(
        user=user, name="By the echo", strategy_type="ml_signal", symbol="AR", timeframe="1d",
        parameters={"model": model.pk}, initial_capital=1000, description="",
    )  # fmt: skip
    text = page.get(of("delete", model)).content.decode()
    assert "By the echo" in text
    assert 'name="detach" value="1"' in text
    page.post(of("delete", model))
    assert MLModel.objects.filter(pk=model.pk).exists()
    page.post(of("delete", model), {"detach": "1"})
    assert not MLModel.objects.filter(pk=model.pk).exists()
    made.refresh_from_db()


def test_drift_is_looked_at_by_a_job_and_told_by_words(train, page):
    import datetime as dt

    model = train(end_date=dt.date(2001, 3, 1))
    assert page.post(of("drift", model)).url == f"{model.get_absolute_url()}#model-drift"
    model.refresh_from_db()
    assert f'data-fragment-url="{of("drift", model)}"' in text_of(page, model)
    model.drift_job.claim("host:1")
    model.drift_job.refresh_from_db()
    run(model.drift_job)
    answer = page.get(of("drift", model), headers={"HX-Request": "true"})
    assert answer["HX-Retarget"] == "#model-drift"  # of the whole card, not of the progress inside of it
    fragment = answer.content.decode()
    assert "<html" not in fragment
    assert "data-job=" not in fragment
    rows = re.findall(r"status-(?:good|wait|bad)\">.*?</span>", fragment, re.S)
    assert len(rows) == len(model.configuration["features"])
    assert "Looked at" in fragment
    assert "n/a" not in fragment
    model.refresh_from_db()
    assert f"{model.drift['bars']} bars from" in fragment


def test_drift_without_new_bars_says_so(model, page):
    answer = page.post(of("drift", model), follow=True)
    assert "after the training" in answer.content.decode()
    model.refresh_from_db()
    assert model.drift_job is None


def test_the_page_of_a_model_costs_a_bounded_number_of_queries(
    model, train, django_assert_max_num_queries, page
):
    train()
    train()
    with django_assert_max_num_queries(14):
        text_of(page, model)
