"""The API of models, for an owner, a stranger and bad input."""

import pytest

from mlmodels.models import MLModel
from mlmodels.tests.conftest import QUICK, finish

pytestmark = pytest.mark.django_db


def request_of(series):
    return {
        "name": "Echo",
        "series": series.pk,
        "algorithm": "xgboost",
        "hyperparameters": {"trees": 8},
        **QUICK,
    }


def test_a_training_is_accepted_with_its_job(series, api):
    answer = api.post("/api/ml-models/train/", request_of(series), format="json")
    assert answer.status_code == 202, answer.data
    model = MLModel.objects.get()
    assert answer.data["status"] == "queued"
    assert answer.data["job"]["state"] == "queued"
    assert answer.data["id"] == model.pk
    assert answer["Location"] == answer.data["url"] == f"/api/ml-models/{model.pk}/"
    assert model.configuration["hyperparameters"]["trees"] == 8


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"series": 0}, "series"),
        ({"series": 999_999}, "series"),
        ({"algorithm": "oracle"}, "algorithm"),
        ({"horizon": 10**12}, "horizon"),
        ({"horizon": None}, "horizon"),
        ({"hyperparameters": {"trees": "many"}}, "hyperparameters.trees"),
        ({"hyperparameters": {"tress": 5}}, "hyperparameters.tress"),
        ({"features": ["price"]}, "features"),
        ({"folds": 20, "horizon": 60}, "folds"),
        ({"start_date": "2001-01-01", "end_date": "2000-01-01"}, "end_date"),
        ({"start_date": "yesterday"}, "start_date"),
        ({"label": "luck"}, "label"),
        ({"fold": 3}, "fold"),
    ],
)
def test_a_bad_training_is_refused_by_field_and_nothing_is_saved(series, changes, field, api):
    answer = api.post("/api/ml-models/train/", request_of(series) | changes, format="json")
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not MLModel.objects.exists()


def test_a_model_can_be_read_listed_and_deleted(train, django_assert_max_num_queries, api):
    model = train()
    with django_assert_max_num_queries(3):
        listed = api.get("/api/ml-models/?algorithm=logistic_regression&ordering=-accuracy").data
    assert [row["id"] for row in listed["results"]] == [model.pk]
    assert "metrics" not in listed["results"][0]
    read = api.get(f"/api/ml-models/{model.pk}/").data
    assert read["metrics"]["overall"]["base_rate"] == model.base_rate
    assert "base rate of" in read["verdict"]
    assert api.delete(f"/api/ml-models/{model.pk}/").status_code == 204
    assert not MLModel.objects.exists()


def test_importance_and_predictions_come_out_of_fold(train, api):
    model = train()
    importance = api.get(f"/api/ml-models/{model.pk}/importance/").data
    assert [row["name"] for row in importance] == [row["name"] for row in model.feature_importance]
    body = api.get(f"/api/ml-models/{model.pk}/predictions/").data
    assert body["total"] == len(body["rows"])
    assert not body["truncated"]
    assert body["rows"][0][0] == int(model.first_prediction.timestamp())
    assert {row[2] for row in body["rows"]} == {1, 2}
    assert all(0.0 < row[1] < 1.0 for row in body["rows"])


def test_predictions_of_a_period_include_both_ends(train, api):
    model = train()
    body = api.get(f"/api/ml-models/{model.pk}/predictions/?start=2001-06-01&end=2001-06-30").data
    assert len(body["rows"]) == 30
    assert api.get(f"/api/ml-models/{model.pk}/predictions/?start=soon").status_code == 400
    assert api.get(f"/api/ml-models/{model.pk}/predictions/?end=99999999999").status_code == 400


def test_a_model_in_training_has_no_predictions_and_cannot_be_deleted(submit, api):
    model = submit()
    for part in ("importance", "predictions"):
        answer = api.get(f"/api/ml-models/{model.pk}/{part}/")
        assert (answer.status_code, answer.data["code"]) == (409, "model_not_ready")
    answer = api.delete(f"/api/ml-models/{model.pk}/")
    assert (answer.status_code, answer.data["code"]) == (409, "model_busy")
    finish(model)
    assert api.get(f"/api/ml-models/{model.pk}/importance/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("delete", ""), ("get", "importance/"), ("get", "predictions/")],
)
def test_a_stranger_finds_nothing(submit, method, path, api_other):
    model = submit()
    assert getattr(api_other, method)(f"/api/ml-models/{model.pk}/{path}").status_code == 404
    assert api_other.get("/api/ml-models/").data["count"] == 0
    assert MLModel.objects.exists()


def test_a_strangers_series_cannot_be_named(series, api_other):
    answer = api_other.post("/api/ml-models/train/", request_of(series), format="json")
    assert answer.status_code == 400
    assert "series" in answer.data["fields"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "ml-models/"), ("post", "ml-models/train/"), ("get", "ml-models/1/"), ("get", "ml-algorithms/")],
)
def test_without_a_log_in_nothing_is_answered(client, db, method, path):
    assert getattr(client, method)(f"/api/{path}").status_code == 401


def test_the_algorithms_describe_their_hyper_parameters(api):
    body = api.get("/api/ml-algorithms/").data
    named = {item["key"]: item for item in body["algorithms"]}
    assert set(named) == {"logistic_regression", "random_forest", "xgboost", "histogram_boosting"}
    trees = next(row for row in named["xgboost"]["hyperparameters"] if row["name"] == "trees")
    assert (trees["type"], trees["minimum"], trees["maximum"], trees["default"]) == ("integer", 5, 2000, 100)
    assert "trees" in named["xgboost"]["searched"]
    assert {row["name"] for row in body["settings"]} >= {"horizon", "folds", "validation", "search", "seed"}
    assert [row["key"] for row in body["labels"]] == ["fixed_horizon", "triple_barrier"]
    rsi = next(row for row in body["feature_kinds"] if row["key"] == "rsi")
    assert [row["name"] for row in rsi["parameters"]] == ["window"]
    assert set(body["default_features"]) <= {row["name"] for row in body["features"]}
    assert any(row["needs_volume"] for row in body["features"])


def test_ml_signal_is_among_the_strategy_types_with_its_reference(api):
    read = api.get("/api/strategy-types/ml_signal/").data
    assert read["uses_model"]
    model = next(row for row in read["parameters"] if row["name"] == "model")
    assert (model["type"], model["reference"], model["default"]) == ("reference", "ml_model", None)
