"""The preview of pages and of scripts: who may, what is refused, what is counted, and that nothing else is kept."""

import json
import math

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from algotrade.jobs.responder import Failed, NotReady, Replaced, TookTooLong
from backtests import ledger
from backtests.models import TrialCount
from backtests.preview import process
from backtests.preview.service import PreviewService
from marketdata.models import Series
from marketdata.services import import_bars

from .conftest import wavy_bars

pytestmark = pytest.mark.django_db
URL, API_URL = "/strategies/preview/", "/api/strategies/preview/"


def send(client, body):
    """As the page's script does. The client closes the answer, as a server does after its last byte."""
    return client.post(URL, body, content_type="application/json")


def test_the_answer_holds_curves_marks_figures_doubts_settings_and_the_number_of_trials(
    page, series, asked, body
):
    told = send(page, body).json()
    assert (told["symbol"], told["timeframe"], told["series"]) == ("WAVE", "1d", series.pk)
    assert len(told["equity"]) == len(told["drawdown"]) == len(told["market"]["time"]) == 400
    assert told["market"]["start"] == "2020-01-01"
    assert told["metrics"]["sharpe_low"] < told["metrics"]["sharpe_ratio"] < told["metrics"]["sharpe_high"]
    assert told["trials"] == {"count": 1, "luck": None}
    settings = told["configuration"]
    assert (settings["commission"], settings["slippage"], settings["initial_capital"]) == (
        0.001,
        0.0005,
        10_000,
    )
    assert all(
        {"code", "label", "detail", "meaning", "severe", "problems"} == set(doubt)
        for doubt in told["warnings"]
    )
    assert told["computing_ms"] > 0
    assert "NaN" not in json.dumps(told)


def test_the_page_and_the_script_are_told_the_same(page, api, series, asked, body):
    shown = send(page, body).json()
    told = api.post(API_URL, body, format="json")
    assert told.status_code == 200
    assert told.json()["metrics"] == shown["metrics"]
    assert told.json()["trials"]["count"] == 1  # the very same was counted already


def test_an_anonymous_visitor_and_one_without_the_token_of_the_form_are_turned_away(
    client, user, asked, body
):
    assert send(client, body).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    assert send(strict, body).status_code == 403
    assert asked == []


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"symbol": "WAVE"}},
        {"data": "[" * 100_000, "content_type": "text/plain"},
        {"data": '{"symbol": "a\\u0000b"}', "content_type": "text/json"},
    ],
    ids=["form data", "100,000 levels", "NUL"],
)
def test_what_does_not_call_itself_json_is_not_read(user, series, sent):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    client.cookies["csrftoken"] = token = "t" * 32
    answer = client.post(URL, headers={"X-CSRFToken": token}, **sent)
    assert answer.status_code == 422
    assert answer.json()["fields"]["symbol"]


def test_a_stranger_is_not_shown_the_owners_series(page_other, api_other, series, asked, body):
    for response in (send(page_other, body), api_other.post(API_URL, body, format="json")):
        assert response.status_code in {400, 422}
        assert response.json()["code"] == "preview_no_data"
        assert "no 1d data for WAVE" in response.json()["detail"]
    assert asked == []


def test_the_own_series_comes_before_a_shared_one_and_a_shared_one_serves_everybody(
    page, page_other, series, asked, body
):
    shared = Series.objects.create(symbol="WAVE", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=shared, bars=wavy_bars(300))
    assert send(page, body).json()["series"] == series.pk
    assert send(page_other, body).json()["series"] == shared.pk


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"parameters": {"fast_period": 9, "slow_period": 8}}, "parameters.fast_period", "9 is not below"),
        ({"parameters": {"fast_period": None}}, "parameters.fast_period", "null is not a whole number"),
        ({"parameters": {"fats_period": 3}}, "parameters.fats_period", "Did you mean 'fast_period'?"),
        ({"parameters": [1]}, "parameters", "as an object"),
        ({"strategy_type": "ma_crossing"}, "strategy_type", "Did you mean 'ma_crossover'?"),
        ({"symbol": " "}, "symbol", "Choose a symbol"),
        ({"symbol": "NOPE"}, "symbol", "You have no 1d data for NOPE. Import it"),
        ({"timeframe": "2d"}, "timeframe", "Use one of"),
        ({"initial_capital": "-5"}, "initial_capital", "Give an amount"),
        ({"strategy_type": "ml_signal"}, "strategy_type", "no live preview of this type"),
    ],
)
def test_what_cannot_be_computed_is_told_by_field(page, series, asked, body, change, field, words):
    response = send(page, body | change)
    assert response.status_code == 422
    assert words in response.json()["fields"][field][0]
    assert asked == []


def test_all_problems_are_told_at_once(page, series, asked, body):
    wrong = {"parameters": {"fast_period": 0, "slow_period": "x"}, "symbol": "", "initial_capital": None}
    fields = send(page, body | wrong).json()["fields"]
    assert set(fields) == {"parameters.fast_period", "parameters.slow_period", "symbol", "initial_capital"}


HOSTILE = [
    None, True, "", "x" * 5000, "\u202e", -1, 0, 10**400, 1e308, -0.0, 0.5, [], [[]], {}, {"a": {"b": [1]}}, "1e9",
    "nan", "Infinity", "' OR 1=1 --", "<script>", "__class__",
]  # fmt: skip


def test_hostile_values_are_refused_with_words_and_never_break_anything(page, api, series, asked, body):
    seen = set()
    for value in HOSTILE:
        for name in body:
            seen.add(send(page, body | {name: value}).status_code)
        for name in ("fast_period", "slow_period", "ma_type", "other"):
            changed = body | {"parameters": body["parameters"] | {name: value}}
            seen.add(send(page, changed).status_code)
        response = api.post(API_URL, body | {"parameters": {"fast_period": value}}, format="json")
        assert response.status_code in {200, 400}
    assert seen == {200, 400, 422}  # 400: what no field of the whole product takes
    for raw in (b"", b"[]", b'"x"', b"3", b"{}", b"{"):
        assert send(page, raw).status_code in {400, 422}
    assert page.get(URL).status_code == 405


def test_each_preview_is_counted_once_with_its_sharpe_ratio_and_nothing_else_is_kept(
    page, user, series, asked, body
):
    before = {model: model.objects.count() for model in apps.get_models()}
    sharpes = []
    for fast in (3, 4, 5, 4, 3):
        told = send(page, body | {"parameters": {"fast_period": fast, "slow_period": 8}}).json()
        sharpes.append(told["metrics"]["sharpe_ratio"])
    assert told["trials"]["count"] == 3
    assert told["trials"]["luck"] > 0
    row = TrialCount.objects.get()
    assert (row.user, row.series, row.strategy_type, row.source) == (user, series, "ma_crossover", "preview")
    assert (row.count, row.sharpe_count) == (3, 3)
    assert row.sharpe_sum == pytest.approx(sum(sharpes[:3]) / math.sqrt(365))
    after = {model: model.objects.count() for model in apps.get_models()}
    assert {model.__name__ for model in after if after[model] != before[model]} == {"TrialCount"}


def test_what_was_refused_or_replaced_is_no_trial(page, user, series, asked, body, monkeypatch):
    send(page, body | {"parameters": {"fast_period": 0}})

    def replaced(question, *, asker):
        raise Replaced

    monkeypatch.setattr(process, "ask", replaced)
    assert send(page, body).status_code == 409
    assert ledger.totals(user=user, series=series).count == 0


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (NotReady, 202, "preview_warming", "warming up"),
        (Replaced, 409, "preview_replaced", "newer preview"),
        (TookTooLong, 503, "preview_too_slow", "2 seconds"),
        (Failed, 503, "preview_unavailable", "nothing was changed"),
    ],
)
def test_what_goes_wrong_in_the_process_is_told_in_words(
    page, api, series, body, monkeypatch, error, status, code, words
):
    def fails(question, *, asker):
        raise error

    monkeypatch.setattr(process, "ask", fails)
    response = send(page, body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert words in response.json()["detail"]
    assert api.post(API_URL, body, format="json").status_code == (503 if status == 202 else status)
    assert TrialCount.objects.count() == 0


def test_a_damaged_file_is_written_anew_and_the_preview_shown(page, series, asked, body, media_root):
    for path in media_root.rglob("*.npy"):
        path.unlink()
    assert send(page, body).status_code == 200
    assert len(asked) == 2


def test_a_lab_can_switch_previews_off(page, series, asked, body, settings):
    settings.LIVE_PREVIEW = False
    assert send(page, body).json()["code"] == "preview_unavailable"
    form = page.get(reverse("strategies:create_of_type", args=["rsi"]))
    assert b"data-preview" not in form.content


def test_a_preview_asks_the_database_five_times(page, series, asked, body):
    send(page, body)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        send(page, body | {"parameters": {"fast_period": 4, "slow_period": 9}})
    # Session, user, series, trials so far; and, once the answer is sent, the trial.
    assert len(queries) == 5


def test_the_api_refuses_unknown_fields_and_counts_its_calls(api, series, asked, body, no_throttles):
    response = api.post(API_URL, body | {"simbol": "WAVE"}, format="json")
    assert response.json()["fields"]["simbol"] == ["There is no such field. Did you mean 'symbol'?"]
    no_throttles["user"] = "1/min"
    assert [api.post(API_URL, body, format="json").status_code for _ in range(2)] == [200, 429]


def test_the_form_has_the_panel_sliders_and_a_market_to_begin_with(page, user, series, monkeypatch):
    warmed = []
    monkeypatch.setattr(
        process, "responder", lambda: type("R", (), {"warm": lambda self: warmed.append(1)})()
    )
    response = page.get(reverse("strategies:create_of_type", args=["ma_crossover"]))
    html = response.content.decode()
    assert f'data-url="{URL}"' in html
    assert 'type="range"' in html
    assert 'value="WAVE"' in html
    assert "commission and 0.05" in html
    assert warmed == [1]
    html = page.get(reverse("strategies:create_of_type", args=["ml_signal"])).content.decode()
    assert "data-preview" not in html
    assert "no live preview of this type" in html


def test_the_service_takes_plain_values_and_gives_the_trial_to_be_counted(user, series, asked):
    made = PreviewService.preview(user=user, strategy_type="rsi", symbol="wave")
    assert TrialCount.objects.count() == 0
    made.record()
    assert TrialCount.objects.get().strategy_type == "rsi"
    assert PreviewService.preview(user=user, strategy_type="rsi", symbol="wave").trial is None
