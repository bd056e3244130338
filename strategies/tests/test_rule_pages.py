"""Rules in the form, in the live check and over the API: owner, stranger, anonymous, bad input."""

import json

import pytest
from django.test import Client
from rest_framework.test import APIClient

from strategies.models import Strategy
from strategies.rules.functions import FUNCTIONS

NEW = "/strategies/new/rules/"
CHECK = "/strategies/rules/check/"
API = "/api/strategies/"
API_CHECK = "/api/strategies/rules/check/"
VALUES = {"fast": {"value": 10, "minimum": 2, "maximum": 50, "step": 1, "label": "Quick"}}
RULES = {
    "long_entry": "crossover(close, sma(close, fast))\nand volume > 0",
    "long_exit": "hold for 5 bars",
    "short_entry": "",
    "short_exit": "",
    "size": "0.5",
}
FORM = {
    "name": "Mine",
    "symbol": "aapl",
    "timeframe": "1d",
    "initial_capital": "5000",
    "description": "",
    **{f"parameters-{role}": text for role, text in RULES.items()},
    "parameters-values": json.dumps(VALUES),
}


def text(answer):
    return answer.content.decode()


@pytest.fixture
def mine(user):
    from strategies.services import StrategyService

    return StrategyService.create(
        user=user, name="Mine", strategy_type="rules", symbol="AAPL", parameters={**RULES, "values": VALUES}
    )


# -- the form -----------------------------------------------------------------------------------------------
def test_the_form_begins_with_rules_that_work_and_lists_every_function(page):
    body = text(page.get(NEW))
    assert "crossover(sma(close, fast), sma(close, slow))" in body
    assert 'name="parameters-values"' in body
    for function in FUNCTIONS.values():
        assert f'data-rule-name="{function.name}"' in body
    assert "rule_editor.js" in body
    assert "<style" not in body
    assert "rule_editor" not in text(page.get("/strategies/new/rsi/"))


def test_the_owner_saves_reads_and_changes_rules(page):
    answer = page.post(NEW, FORM)
    strategy = Strategy.objects.get()
    assert answer["Location"] == f"/strategies/{strategy.pk}/"
    assert strategy.parameters == {**RULES, "values": VALUES}
    shown = text(page.get(answer["Location"]))
    assert "Buy when the close crosses above the 10-bar average of the close" in shown
    assert "crossover(close, sma(close, fast))" in shown
    assert "Quick" in shown
    assert "fast in the rules, from 2 to 50." in shown
    edit = f"/strategies/{strategy.pk}/edit/"
    assert "hold for 5 bars" in text(page.get(edit))
    assert page.post(edit, FORM | {"parameters-long_exit": "hold for fast bars"}).status_code == 302
    strategy.refresh_from_db()
    assert strategy.parameters["long_exit"] == "hold for fast bars"


def test_a_refused_rule_keeps_everything_that_was_typed(page):
    typed = {"parameters-long_entry": "close > smaa(close, fast)", "parameters-size": "0.5 +"}
    answer = page.post(NEW, FORM | typed)
    body = text(answer)
    assert answer.status_code == 422
    assert "Character 9: There is no function &#x27;smaa&#x27;. Did you mean &#x27;sma&#x27;?" in body
    assert "Character 6: The rule ends too early" in body
    assert "close &gt; smaa(close, fast)" in body
    assert "hold for 5 bars" in body
    assert "&quot;minimum&quot;: 2" in body
    assert not Strategy.objects.exists()


@pytest.mark.parametrize(
    "typed", ["{", "[1]", '{"fast": 3}', "[" * 3000, "9" * 9000, '{"fast": {"value": NaN}}', "null x"]
)
def test_named_values_that_cannot_be_read_are_refused_and_kept(page, typed):
    answer = page.post(NEW, FORM | {"parameters-values": typed})
    assert answer.status_code == 422
    assert 'data-field="parameters-values"' in text(answer)
    assert not Strategy.objects.exists()


def test_a_rule_of_script_is_shown_as_text_only(page):
    body = text(page.post(NEW, FORM | {"parameters-long_entry": "</textarea><script>alert(1)</script>"}))
    assert "<script>alert" not in body


# -- the live check -----------------------------------------------------------------------------------------
def test_a_check_says_what_is_right_in_words_and_what_is_wrong_with_its_place(page):
    found = page.post(CHECK, FORM | {"parameters-long_exit": "close <\nopen +"}).json()
    assert found["ok"] is False
    entry, leave = found["rules"]["long_entry"], found["rules"]["long_exit"]
    assert entry == {
        "ok": True,
        "words": "the close crosses above the 10-bar average of the close and the volume is above 0",
    }
    assert (leave["ok"], leave["line"], leave["column"], leave["start"]) == (False, 2, 7, 14)
    assert leave["place"] == "Line 2, character 7"
    assert "short_entry" not in found["rules"]
    fine = page.post(CHECK, FORM).json()
    assert (fine["ok"], fine["warmup"], fine["notes"], fine["values"]) == (True, 10, [], {})


def test_a_check_names_the_value_that_is_wrong_and_the_name_that_is_unknown(page):
    wrong = json.dumps({"fast": VALUES["fast"] | {"value": 99}})
    found = page.post(CHECK, FORM | {"parameters-values": wrong, "parameters-size": "share"}).json()
    assert "99 is out of bounds" in found["values"]["fast"]
    assert found["rules"]["size"]["unknown"] == "share"
    assert "not JSON" in page.post(CHECK, FORM | {"parameters-values": "{"}).json()["values"][""]


def test_a_check_stores_nothing_and_is_for_people_who_are_signed_in(page, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):  # who asks
        assert page.post(CHECK, FORM).status_code == 200
    assert not Strategy.objects.exists()
    assert page.get(CHECK).status_code == 405
    assert Client().post(CHECK, FORM).status_code == 302
    assert Client(enforce_csrf_checks=True).post(CHECK, FORM).status_code in (302, 403)


# -- the API ------------------------------------------------------------------------------------------------
def test_a_script_creates_and_changes_rules(api):
    body = {"name": "S", "strategy_type": "rules", "symbol": "IBM", "parameters": {**RULES, "values": VALUES}}
    made = api.post(API, body, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["parameters"] == {**RULES, "values": VALUES}
    url = f"{API}{made.json()['id']}/"
    changed = api.patch(url, {"parameters": {"size": ""}}, format="json").json()
    assert changed["parameters"] == {**RULES, "size": "", "values": VALUES}
    refused = api.patch(url, {"parameters": {"values": {}}}, format="json")
    assert refused.status_code == 400
    assert "'fast' is not known" in refused.json()["fields"]["parameters.long_entry"][0]
    read_back = api.get(url).json()
    assert api.put(url, read_back, format="json").status_code == 200


def test_a_stranger_neither_reads_nor_changes_rules(api_other, page_other, mine):
    assert api_other.get(f"{API}{mine.pk}/").status_code == 404
    assert (
        api_other.patch(f"{API}{mine.pk}/", {"parameters": {"size": "1"}}, format="json").status_code == 404
    )
    assert page_other.get(f"/strategies/{mine.pk}/edit/").status_code == 404
    mine.refresh_from_db()
    assert mine.parameters["size"] == "0.5"


def test_the_type_is_described_with_texts_and_values(api):
    described = api.get("/api/strategy-types/rules/").json()
    kinds = {parameter["name"]: parameter["type"] for parameter in described["parameters"]}
    assert kinds == {**dict.fromkeys(RULES, "text"), "values": "values"}
    assert described["json_schema"]["properties"]["values"]["additionalProperties"]["required"]


def test_a_script_checks_rules_without_saving(api):
    good = api.post(API_CHECK, {**RULES, "values": VALUES}, format="json")
    assert (good.status_code, good.json()["ok"]) == (200, True)
    bad = api.post(API_CHECK, {"long_entry": "close > 1e"}, format="json").json()
    assert bad["rules"]["long_entry"]["start"] == 8
    assert not Strategy.objects.exists()
    for body in ({"long_entri": "x"}, {"values": [1]}, []):
        assert api.post(API_CHECK, body, format="json").status_code == 400
    assert APIClient().post(API_CHECK, {}, format="json").status_code in (401, 403)


def test_a_script_reads_the_language(api):
    language = api.get("/api/strategies/rules/").json()
    assert {function["name"] for function in language["functions"]} == set(FUNCTIONS)
    assert {group["key"] for group in language["groups"]} == {f.group for f in FUNCTIONS.values()}
    assert len(language["examples"]) >= 3
    assert APIClient().get("/api/strategies/rules/").status_code == 401


@pytest.mark.django_db
def test_a_result_of_rules_shows_them(mine):
    rows = {row["label"]: row["value"] for row in mine.parameter_rows()}
    assert rows["Enter long when"] == RULES["long_entry"]
    assert rows["Quick"] == "10"
    assert "Enter short when" not in rows
