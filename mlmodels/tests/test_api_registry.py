"""The registry over the API: stages, notes, comparisons, drift, files; for an owner, a stranger and bad input."""

import asyncio
import base64
import hashlib
import io
import zipfile

import pytest

from marketdata.services import import_bars
from mlmodels import store
from mlmodels.api.drift import DriftSerializer
from mlmodels.api.report import ReportSerializer
from mlmodels.models import MLModel
from mlmodels.tests.conftest import finish
from mlmodels.tests.prices import autoregressive
from strategies.services import StrategyService

pytestmark = pytest.mark.django_db

DETAIL = [
    ("post", "promote/"),
    ("post", "retire/"),
    ("post", "reinstate/"),
    ("patch", ""),
    ("get", "drift/"),
    ("post", "drift/"),
    ("get", "download/"),
    ("delete", "?detach=true"),
]


def content_of(response):
    async def read():
        return b"".join([piece async for piece in response])

    return asyncio.run(read())


def test_stages_and_the_note_are_changed_and_shown(train, api):
    first, second = train(), train()
    url = f"/api/ml-models/{first.pk}/"
    assert api.post(f"{url}promote/").data["stage"] == "promoted"
    assert api.post(f"/api/ml-models/{second.pk}/promote/").data["stage"] == "promoted"
    assert api.get(url).data["stage"] == "candidate"
    assert api.post(f"{url}retire/").data["stage"] == "retired"
    assert [row["id"] for row in api.get("/api/ml-models/?stage=retired").data["results"]] == [first.pk]
    assert api.post(f"{url}reinstate/").data["stage"] == "candidate"
    assert (
        api.patch(url, {"note": " the one without volume "}, format="json").data["note"]
        == "the one without volume"
    )
    assert api.get(url).data["note"] == "the one without volume"
    assert api.put(url, {"note": "x"}, format="json").status_code == 405


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"note": "x" * 2_001}, "note"),
        ({"note": None}, "note"),
        ({"note": ["a"]}, "note"),
        ({}, "note"),
        ({"note": "x", "stage": "promoted"}, "stage"),
    ],
)
def test_a_bad_note_is_refused_by_field(submit, body, field, api):
    answer = api.patch(f"/api/ml-models/{submit().pk}/", body, format="json")
    assert answer.status_code == 400
    assert field in answer.data["fields"]


def test_a_model_in_use_is_deleted_with_detach_only(train, user, api):
    model = train()
    StrategyService.create(
        user=user, name="S", strategy_type="ml_signal", symbol="AR", parameters={"model": model.pk}
    )
    url = f"/api/ml-models/{model.pk}/"
    refused = api.delete(url)
    assert (refused.status_code, refused.data["code"]) == (409, "model_in_use")
    assert api.delete(f"{url}?detach=perhaps").status_code == 400
    assert api.delete(f"{url}?detach=false").status_code == 409
    assert api.delete(f"{url}?detach=true").status_code == 204
    assert not MLModel.objects.exists()


def test_two_models_are_compared(train, api):
    first, second = train(), train(name="B", horizon=2)
    body = api.get(f"/api/ml-models/compare/?a={first.pk}&b={second.pk}").data
    assert (body["first"]["id"], body["second"]["id"]) == (first.pk, second.pk)
    assert body["paired"] is None
    again = api.get(f"/api/ml-models/compare/?a={first.pk}&b={first.pk}").data
    assert again["paired"]["log_loss"]["mean"] == 0.0
    assert again["paired"]["start"].startswith("2000-")


@pytest.mark.parametrize(
    "query", ["", "?a=1", "?a=x&b=1", "?a=-1&b=1", "?a=1&b=99999999999999999999999", "?a=1e5&b=1"]
)
def test_a_bad_pair_is_refused(query, api):
    assert api.get(f"/api/ml-models/compare/{query}").status_code == 400


def test_a_pair_of_which_one_is_a_strangers_or_nobodys_is_not_found(train, submit, api, api_other):
    model = train()
    for client, other in ((api_other, model.pk), (api, 999_999)):
        answer = client.get(f"/api/ml-models/compare/?a={model.pk}&b={other}")
        assert (answer.status_code, answer.data["code"]) == (404, "model_not_found")
    waiting = submit()
    assert api.get(f"/api/ml-models/compare/?a={model.pk}&b={waiting.pk}").status_code == 409


def test_the_file_comes_verified_with_its_checksum_and_size(train, api):
    model = train(name="A/B: ünsafe; name")
    answer = api.get(f"/api/ml-models/{model.pk}/download/")
    content = content_of(answer)
    assert hashlib.sha256(content).hexdigest() == model.artifact_sha256
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert answer["Repr-Digest"] == f"sha-256=:{digest}:"
    assert int(answer["Content-Length"]) == len(content) == model.artifact_size
    assert answer["Content-Disposition"] == 'attachment; filename="A-B-nsafe-name-v1.model.zip"'
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_an_altered_or_lost_file_is_not_handed_out(train, submit, api):
    model = train()
    url = f"/api/ml-models/{model.pk}/download/"
    path = store.path_of(model)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = api.get(url)
    assert (answer.status_code, answer.data["code"]) == (409, "model_damaged")
    assert "checksum differs" in answer.data["detail"]
    path.unlink()
    assert "missing" in api.get(url).data["detail"]
    assert api.get(f"/api/ml-models/{submit().pk}/download/").data["code"] == "model_not_ready"


def test_drift_is_asked_for_and_read(train, series, api):
    model = train()
    url = f"/api/ml-models/{model.pk}/drift/"
    assert api.get(url).data == {"drift": {}, "job": None}
    assert api.post(url).data["code"] == "model_no_new_bars"
    import_bars(series=series, bars=autoregressive(900, 0.3, seed=5))
    accepted = api.post(url)
    assert (accepted.status_code, accepted["Location"]) == (202, url)
    assert api.post(url).data["code"] == "model_busy"
    model.refresh_from_db()
    model.job = model.drift_job
    finish(model)
    body = api.get(url).data
    assert body["job"]["state"] == "succeeded"
    assert set(body["drift"]) == set(DriftSerializer().fields)
    assert api.get(f"/api/ml-models/{model.pk}/").data["drift"] == body["drift"]


@pytest.mark.parametrize(("method", "path"), DETAIL)
def test_a_stranger_and_staff_find_nothing(submit, method, path, api_other, staff, client_for):
    model = submit()
    for client in (api_other, client_for(staff)):
        answer = (
            getattr(client, method)(
                f"/api/ml-models/{model.pk}/{path}", {"note": "x"}, content_type="application/json"
            )
            if client is not api_other
            else getattr(client, method)(f"/api/ml-models/{model.pk}/{path}", {"note": "x"}, format="json")
        )
        assert answer.status_code == 404
    model.refresh_from_db()
    assert (model.stage, model.note) == ("candidate", "")


@pytest.mark.parametrize(("method", "path"), [*DETAIL, ("get", "../compare/"), ("post", "../foresee/")])
def test_nobody_finds_nothing(submit, method, path, client):
    model = submit()
    url = f"/api/ml-models/{model.pk}/{path}".replace(f"{model.pk}/../", "")
    assert getattr(client, method)(url).status_code == 401


@pytest.mark.parametrize(
    "changes", [{}, {"validation": "combinatorial", "folds": 4}, {"search": "grid", "search_trials": 2}]
)
def test_reports_have_the_keys_that_the_reference_describes(train, changes, api):
    model = train(algorithm="random_forest", hyperparameters={"trees": 5}, **changes)
    body = api.get(f"/api/ml-models/{model.pk}/").data
    assert keys_beyond(body["metrics"], ReportSerializer()) == []


def keys_beyond(value, serializer, place="metrics"):
    """Where a report and its described fields differ."""
    found = [f"{place}.{name}" for name in set(value) ^ set(serializer.fields)]
    for name, field in serializer.fields.items():
        inner = getattr(field, "child", field)
        if not hasattr(inner, "fields") or value.get(name) is None:
            continue
        rows = value[name]
        rows = rows if isinstance(rows, list) else list(rows.values()) if inner is not field else [rows]
        for row in rows[:2]:
            found += keys_beyond(row, inner, f"{place}.{name}")
    return found


def test_a_report_of_the_version_before_is_served_as_it_is(train, api):
    model = train()
    overall = {"accuracy": 0.52, "accuracy_error": 0.01, "base_rate": 0.51, "majority": "up"}
    overall |= {"verdict": "within_noise", "standard_errors_above": 1.0}
    MLModel.objects.filter(pk=model.pk).update(metrics={"overall": overall, "folds": []}, auc=None)
    body = api.get(f"/api/ml-models/{model.pk}/").data
    assert (body["report_format"], body["metrics"]["overall"], body["auc"]) == (1, overall, None)
    assert "base rate of" in body["verdict"]
    assert api.get("/api/ml-models/?verdict=no_better&ordering=-auc").status_code == 200
