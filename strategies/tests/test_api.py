"""The API of strategies and strategy types: owner, stranger, anonymous, bad input."""

import pytest
from rest_framework.test import APIClient

from strategies.models import Strategy
from strategies.tests.conftest import make_strategy

URL = "/api/strategies/"
NEW = {"name": "RSI on Apple", "strategy_type": "rsi", "symbol": "AAPL", "parameters": {"period": 7}}


def one(strategy):
    return f"{URL}{strategy.pk}/"


def test_the_owner_creates_reads_changes_and_deletes(api):
    made = api.post(URL, NEW, format="json")
    assert made.status_code == 201, made.json()
    body = made.json()
    assert body["parameters"] == {"period": 7, "oversold": 30.0, "overbought": 70.0}
    assert (body["timeframe"], body["initial_capital"], body["use_ml"]) == ("1d", 10000.0, False)
    url = f"{URL}{body['id']}/"
    assert api.get(url).json() == body
    changed = api.patch(url, {"parameters": {"oversold": 20}}, format="json").json()
    assert changed["parameters"] == {"period": 7, "oversold": 20.0, "overbought": 70.0}
    replaced = api.put(url, {"name": "B", "strategy_type": "macd", "symbol": "IBM"}, format="json").json()
    assert (replaced["name"], replaced["parameters"]["slow_period"]) == ("B", 26)
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404


def test_the_owner_copies(api, strategy):
    copied = api.post(f"{one(strategy)}duplicate/")
    assert copied.status_code == 201
    assert copied.json()["name"] == "Crossover (copy)"


@pytest.mark.parametrize(
    ("method", "suffix"),
    [("get", ""), ("put", ""), ("patch", ""), ("delete", ""), ("post", "duplicate/")],
)
def test_a_stranger_finds_nothing(api_other, strategy, method, suffix):
    answer = getattr(api_other, method)(one(strategy) + suffix, NEW, format="json")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert Strategy.objects.get().name == "Crossover"


def test_a_stranger_lists_none_of_them(api_other, strategy):
    assert api_other.get(URL).json()["results"] == []


def test_staff_see_only_their_own_here(api_other, other_user, strategy):
    other_user.is_staff = other_user.is_superuser = True
    other_user.save()
    assert api_other.get(one(strategy)).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("url", [URL, f"{URL}1/", "/api/strategy-types/", "/api/strategy-types/rsi/"])
def test_nothing_is_shown_without_signing_in(url):
    assert APIClient().get(url).status_code == 401


def test_a_strategy_cannot_be_given_to_another_user(api, other_user, user):
    assert api.post(URL, NEW | {"user": other_user.pk}, format="json").status_code == 400
    api.post(URL, NEW | {"use_ml": True, "id": 999}, format="json")
    strategy = Strategy.objects.get()
    assert (strategy.user, strategy.use_ml) == (user, False)
    assert strategy.pk != 999


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parameters": {"perod": 7}}, "parameters.perod"),
        ({"parameters": {"period": 1}}, "parameters.period"),
        ({"parameters": {"period": "7"}}, "parameters.period"),
        ({"parameters": {"period": None}}, "parameters.period"),
        ({"parameters": {"period": 2**62}}, "parameters.period"),
        ({"parameters": {"oversold": 80}}, "parameters.oversold"),
        ({"parameters": [1]}, "parameters"),
        ({"parameters": "x"}, "parameters"),
        ({"strategy_type": "rsy"}, "strategy_type"),
        ({"strategy_type": None}, "strategy_type"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"symbol": "a b"}, "symbol"),
        ({"timeframe": "2d"}, "timeframe"),
        ({"initial_capital": -5}, "initial_capital"),
        ({"initial_capital": "many"}, "initial_capital"),
        ({"description": "x" * 2001}, "description"),
    ],
)
def test_bad_input_is_refused_at_its_field(api, changes, field):
    answer = api.post(URL, NEW | changes, format="json")
    assert answer.status_code == 400
    body = answer.json()
    assert list(body["fields"]) == [field]
    assert body["detail"]
    assert body["code"]
    assert not Strategy.objects.exists()


@pytest.mark.parametrize("missing", ["name", "strategy_type", "symbol"])
def test_what_must_be_given_is_asked_for(api, missing):
    body = {name: value for name, value in NEW.items() if name != missing}
    assert missing in api.post(URL, body, format="json").json()["fields"]


def test_a_used_name_is_refused(api, strategy):
    assert "name" in api.post(URL, NEW | {"name": "Crossover"}, format="json").json()["fields"]


@pytest.mark.parametrize("key", ["0", "-1", "abc", "9" * 30, "9" * 5000])
def test_an_address_that_names_nothing_is_not_found(api, key):
    assert api.get(f"{URL}{key}/").status_code == 404


def test_the_list_is_searched_filtered_sorted_and_paged(api, user):
    for number in range(3):
        make_strategy(user, f"Trend {number}", symbol="IBM")
    make_strategy(user, "Dip", strategy_type="rsi", description="buy the trend's dips")
    for query, count in [
        ("q=trend", 4),
        ("q=dip", 1),
        ("strategy_type=rsi", 1),
        ("symbol=ibm", 3),
        ("timeframe=1h", 0),
        ("use_ml=true", 0),
        ("q=trend&strategy_type=ma_crossover", 3),
    ]:
        assert api.get(f"{URL}?{query}").json()["count"] == count, query
    names = [row["name"] for row in api.get(f"{URL}?ordering=-name&page_size=2").json()["results"]]
    assert names == ["Trend 2", "Trend 1"]
    assert api.get(f"{URL}?page=99").status_code == 404


def test_the_list_costs_two_queries(api, user, django_assert_max_num_queries):
    for number in range(10):
        make_strategy(user, f"S {number}")
    with django_assert_max_num_queries(2):
        assert len(api.get(URL).json()["results"]) == 10


def test_types_are_described_with_every_parameter(api):
    types = {item["key"]: item for item in api.get("/api/strategy-types/").json()}
    assert {"ma_crossover", "rsi", "macd"} <= set(types)
    crossover = types["ma_crossover"]
    fast, _slow, average = crossover["parameters"]
    assert fast["name"] == "fast_period"
    assert (fast["type"], fast["default"], fast["minimum"], fast["maximum"], fast["step"]) == (
        "integer",
        10,
        1,
        499,
        1,
    )
    assert fast["unit"] == "bars"
    assert fast["help"]
    assert [choice["value"] for choice in average["choices"]] == ["sma", "ema"]
    assert crossover["json_schema"]["additionalProperties"] is False
    assert api.get("/api/strategy-types/ma_crossover/").json() == crossover


def test_an_unknown_type_is_not_found_and_the_answer_names_those_that_exist(api):
    answer = api.get("/api/strategy-types/nonsense/")
    assert answer.status_code == 404
    assert "ma_crossover" in answer.json()["detail"]


def test_the_schema_of_these_routes_has_no_warnings(capsys):
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    from strategies.api import urls

    with GENERATOR_STATS.silence():
        schema = SchemaGenerator(patterns=urls.urlpatterns).get_schema(request=None, public=True)
        assert not GENERATOR_STATS._warn_cache, GENERATOR_STATS._warn_cache
        assert not GENERATOR_STATS._error_cache, GENERATOR_STATS._error_cache
    assert "/strategies/{id}/duplicate/" in schema["paths"]


def test_a_parameter_beside_the_parameters_is_refused_and_not_left_out(api):
    answer = api.post(URL, {**NEW, "period": 9, "symbl": "IBM"}, format="json")
    assert answer.status_code == 400
    assert "Did you mean 'symbol'?" in answer.json()["fields"]["symbl"][0]
    assert "period" in answer.json()["fields"]
    assert not Strategy.objects.exists()


def test_what_was_read_can_be_sent_back(api, strategy):
    body = api.get(one(strategy)).json()
    assert api.put(one(strategy), body, format="json").status_code == 200
