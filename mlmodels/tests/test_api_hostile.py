"""What nobody means to send: refused with words, quickly, and never a fault of ours."""

import time

import pytest

from mlmodels.models import MLModel
from mlmodels.tests.conftest import QUICK

pytestmark = pytest.mark.django_db

LONG = "x" * 5_000
HOSTILE = {
    "many_features": {"features": ["rsi(14)"] * 100_000},
    "many_unknown_features": {"features": [f"rsi_{n}x" for n in range(100_000)]},
    "nested_features": {"features": [[["rsi(14)"]]]},
    "features_of_numbers": {"features": [1, None, True, {}]},
    "feature_of_huge_numbers": {"features": ["rsi(99999999999999999999999999)"]},
    "feature_call_that_never_ends": {"features": [f"rsi({'(' * 90}"]},
    "feature_with_a_long_name": {"features": [LONG]},
    "features_as_text": {"features": "rsi(14)"},
    "features_as_object": {"features": {"rsi": 14}},
    "many_hyperparameters": {"hyperparameters": {f"h{n}": n for n in range(50_000)}},
    "nested_hyperparameters": {"hyperparameters": {"strength": {"a": [{"b": 1}] * 100}}},
    "hyperparameters_as_list": {"hyperparameters": [["strength", 1]]},
    "huge_number": {"hyperparameters": {"strength": 2**63 - 1}},
    "long_name_of_hyperparameter": {"hyperparameters": {LONG: 1}},
    "many_strategies": {"strategies": [{"strategy_type": "rsi"}] * 50_000},
    "unknown_strategy": {"strategies": [{"strategy_type": "rsii"}]},
    "strategy_without_type": {"strategies": [{}]},
    "strategies_of_junk": {"strategies": [None, 1, "rsi", [[]]]},
    "strategy_with_many_parameters": {
        "strategies": [{"strategy_type": "rsi", "parameters": {f"p{n}": n for n in range(50_000)}}]
    },
    "strategy_with_bad_parameters": {"strategies": [{"strategy_type": "rsi", "parameters": {"period": "x"}}]},
    "strategy_by_a_model": {"strategies": [{"strategy_type": "ml_signal", "parameters": {"model": 1}}]},
    "strategy_over_several": {"strategies": [{"strategy_type": "pairs"}]},
    "search_over_junk": {"search": "grid", "search_over": ["nothing", LONG[:60]]},
    "many_searched": {"search": "grid", "search_over": ["trees"] * 100_000},
    "too_many_trials": {"search": "random", "search_trials": 10**9},
    "unknown_search": {"search": "genetic"},
    "unknown_validation": {"validation": "walkforward"},
    "too_many_folds": {"folds": 2**62},
    "negative_costs": {"cost_rate": -1},
    "costs_as_text": {"cost_rate": "cheap"},
    "bool_as_number": {"controls": 7},
    "object_for_a_number": {"horizon": {"$gt": 1}},
    "list_for_a_choice": {"label": ["fixed_horizon"]},
    "null_settings": {"label": None},
    "a_fraction_of_a_bar": {"horizon": 1.5},
    "an_unknown_setting": {"horizn": 3},
    "algorithm_of_junk": {"algorithm": {"key": "xgboost"}},
    "series_of_junk": {"series": [1]},
    "huge_series": {"series": 2**63},
    "impossible_date": {"start_date": "2024-02-31"},
}


@pytest.fixture
def asked(series):
    return {"name": "A", "series": series.pk, "algorithm": "logistic_regression", **QUICK}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_training_is_refused_by_field_in_no_time(name, asked, api):
    started = time.process_time()
    answer = api.post("/api/ml-models/train/", asked | HOSTILE[name], format="json")
    assert answer.status_code == 400, answer.content[:300]
    assert answer.json()["detail"]
    assert len(answer.content) < 20_000
    assert time.process_time() - started < 1.5
    assert not MLModel.objects.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_looking_at_it_beforehand_tells_the_same_and_fails_as_little(name, asked, api):
    asked.pop("name")
    answer = api.post("/api/ml-models/foresee/", asked | HOSTILE[name], format="json")
    assert answer.status_code in {200, 400}, answer.content[:300]
    assert answer.status_code == 400 or answer.data["problems"]
    assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"1", b'"x"', b"{", b'{"horizon": NaN}', b'{"horizon": 1e999}']
)
@pytest.mark.parametrize("path", ["train", "foresee"])
def test_a_body_that_is_no_object_of_finite_numbers_is_refused(body, path, api):
    answer = api.post(f"/api/ml-models/{path}/", body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("changes", "field", "meant"),
    [
        ({"features": ["rsy(14)"]}, "features", "rsi"),
        ({"algorithm": "xgbost"}, "algorithm", "xgboost"),
        ({"horizn": 3}, "horizn", "horizon"),
        ({"hyperparameters": {"strenght": 1}}, "hyperparameters.strenght", "strength"),
        ({"strategies": [{"strategy_type": "donchain"}]}, "strategies", "donchian"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_what_was_meant(asked, changes, field, meant, api):
    answer = api.post("/api/ml-models/train/", asked | changes, format="json")
    assert answer.status_code == 400
    assert meant in answer.data["fields"][field][0]


def test_foreseeing_by_the_api_is_what_the_service_foresees(asked, api):
    body = api.post(
        "/api/ml-models/foresee/", {name: asked[name] for name in asked if name != "name"}, format="json"
    )
    assert body.status_code == 200
    assert body.data["problems"] == {}
    assert (body.data["bars"], len(body.data["folds"])) == (700, 2)
    assert body.data["folds"][0]["test_spans"][0][0] == body.data["folds"][0]["test_start"]
    empty = api.post("/api/ml-models/foresee/", {}, format="json").data
    assert "series" in empty["problems"]
    assert empty["base_rates"] is None


def test_everything_a_training_takes_is_taken(asked, api):
    settings = {
        "strategies": [{"strategy_type": "rsi", "parameters": {"period": 10}, "name": "My RSI"}],
        "label": "triple_barrier",
        "horizon": 5,
        "barrier_width": 1.5,
        "validation": "rolling",
        "training_bars": 300,
        "embargo": 2,
        "class_weight": "balanced",
        "calibration": "none",
        "search": "none",
        "controls": False,
        "cost_rate": 0.002,
        "short_trades": False,
        "seed": 7,
    }
    answer = api.post("/api/ml-models/train/", asked | settings, format="json")
    assert answer.status_code == 202, answer.content
    stored = MLModel.objects.get().configuration
    for name, value in settings.items():
        if name != "strategies":
            assert stored[name] == value, name
    assert stored["strategies"][0]["name"] == "My RSI"


@pytest.mark.parametrize(
    "query",
    [
        f"?q={'x' * 60_000}",
        f"?name={'x' * 60_000}",
        f"?verdict={'x' * 60_000}",
        "?series=x",
        "?series=1e300",
        "?stage=best",
        "?status=x",
    ],
    ids=["q", "name", "verdict", "series_text", "series_huge", "stage", "status"],
)
def test_a_hostile_list_is_refused(query, api):
    assert api.get(f"/api/ml-models/{query}").status_code == 400
