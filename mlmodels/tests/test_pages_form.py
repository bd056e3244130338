"""The training form: the picker of features, own strategies, the next version, and the look before training."""

import re

import pytest
from django.urls import reverse

from mlmodels.models import MLModel
from mlmodels.tests.test_pages import form_values
from strategies.services import StrategyService

pytestmark = pytest.mark.django_db

NEW = "mlmodels:create"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def strategy(user):
    return StrategyService.create(
        user=user, name="Old friend", strategy_type="rsi", symbol="AR", timeframe="1d", parameters={"period": 9},
        initial_capital=1000, description="",
    )  # fmt: skip


def ticked(text):
    return re.findall(r'name="features" value="(\w+)" checked', text)


def test_costs_are_typed_in_percent_and_kept_as_a_fraction(series, page):
    text = page.get(reverse(NEW)).content.decode()
    assert re.search(r'name="cost_rate"[^>]*value="0.15"', text)
    assert page.post(reverse(NEW), form_values(series, cost_rate="0.05")).status_code == 302
    model = MLModel.objects.get()
    assert model.configuration["cost_rate"] == 0.0005
    assert re.search(
        r'name="cost_rate"[^>]*value="0.05"', page.get(f"{reverse(NEW)}?from={model.pk}").content.decode()
    )
    assert ">0.050\u202f%<" in page.get(model.get_absolute_url()).content.decode()
    refused = page.post(reverse(NEW), form_values(series, cost_rate="11"))
    assert refused.status_code == 422


def test_a_number_over_decades_has_a_slider_that_goes_by_factors(series, page):
    text = page.get(reverse(NEW)).content.decode()
    slider = re.search(r'<input type="range"[^>]*aria-controls="id_hyper-strength"[^>]*>', text)[0]
    assert "data-logarithmic" in slider
    assert 'min="0" max="1000"' in slider
    plain = re.search(r'<input type="range"[^>]*aria-controls="id_folds"[^>]*>', text)[0]
    assert "data-logarithmic" not in plain
    assert 'min="2" max="20"' in plain


def test_a_newcomer_finds_the_usual_features_ticked_and_every_group_closed(series, page):
    text = page.get(reverse(NEW)).content.decode()
    assert {"log_return", "rsi", "adx"} <= set(ticked(text))
    assert 'value="1-20"' in text
    assert text.count('<details class="feature-group" data-feature-group><summary>') == 6
    assert " style=" not in text


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_set_of_features_is_ticked_by_one_press_with_or_without_scripts(method, series, page):
    given = form_values(series, name="Kept", preset="few")
    headers = HTMX if method == "get" else {}
    answer = getattr(page, method)(reverse(NEW), given, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert set(ticked(text)) == {"log_return", "volatility", "rsi", "sma_gap"}
    assert 'value="1; 5; 20"' in text
    assert 'value="Kept"' in text
    assert not MLModel.objects.exists()


def test_unticked_boxes_stay_unticked_when_another_algorithm_is_chosen(series, page):
    given = form_values(series, algorithm="random_forest")  # no "controls" and no "short_trades"
    text = page.get(reverse(NEW), given, headers=HTMX).content.decode()
    assert set(ticked(text)) == {"log_return", "rsi"}
    assert not re.search(r'name="controls"[^>]*checked', text)
    assert 'value="7, 14"' in text


def test_settings_of_a_feature_are_refused_beside_it_and_its_group_opens(series, page):
    given = form_values(series, **{"feature-rsi": "fourteen", "feature-cci": "nonsense"})
    answer = page.post(reverse(NEW), given)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_feature-rsi-errors"' in text
    assert 'id="id_feature-cci-errors"' not in text  # it is not ticked
    assert 'value="fourteen"' in text
    assert text.count("data-feature-group open") == 1


def test_a_model_that_would_see_nothing_is_refused(series, page):
    given = form_values(series)
    del given["features"]
    assert "Tick at least one feature" in page.post(reverse(NEW), given).content.decode()


def test_what_does_not_apply_is_neither_checked_nor_kept(series, page):
    given = form_values(series, barrier_width="wide", training_bars="", test_folds=-3, search_trials="many")
    assert page.post(reverse(NEW), given).status_code == 302
    model = MLModel.objects.get()
    assert model.configuration["test_folds"] == 2  # the default
    given = form_values(series, validation="rolling", training_bars="")
    assert page.post(reverse(NEW), given).status_code == 422


def test_own_strategies_become_features_as_they_are_now(series, strategy, page, page_other):
    assert "Old friend" in page.get(reverse(NEW)).content.decode()
    assert "Old friend" not in page_other.get(reverse(NEW)).content.decode()
    page.post(reverse(NEW), form_values(series, strategies=[strategy.pk]))
    (kept,) = MLModel.objects.get().configuration["strategies"]
    assert (kept["strategy_type"], kept["name"], kept["parameters"]["period"]) == ("rsi", "Old friend", 9)


def test_a_strangers_strategy_is_no_choice(series, strategy, page_other):
    from marketdata.models import Series

    Series.objects.update(user=None)
    answer = page_other.post(reverse(NEW), form_values(series, strategies=[strategy.pk]))
    assert answer.status_code == 422


def test_the_next_version_begins_with_the_same_settings(series, strategy, submit, page):
    frozen = [{"strategy_type": "rsi", "parameters": {"period": 30}, "name": "Gone since"}]
    model = submit(
        features=["log_return(1)", "log_return(2)", "log_return(3)", "rsi(9)"], strategies=frozen, horizon=7,
        validation="rolling", training_bars=300, controls=False, hyperparameters={"strength": 0.5},
    )  # fmt: skip
    text = page.get(reverse(NEW) + f"?from={model.pk}").content.decode()
    assert set(ticked(text)) == {"log_return", "rsi"}
    for value in ('value="Echo"', 'value="1-3"', 'value="9"', 'value="7"', 'value="300"', 'value="0.5"'):
        assert value in text
    assert "Gone since, as it was then" in text
    assert not re.search(r'name="controls"[^>]*checked', text)
    given = form_values(series, **{"from": model.pk, "strategies": ["then-0"]})
    page.post(reverse(NEW), given)
    newest = MLModel.objects.order_by("-pk").first()
    assert newest.version == 2
    assert newest.configuration["strategies"][0]["name"] == "Gone since"


def test_the_next_version_of_a_strangers_model_does_not_exist(submit, page_other):
    assert page_other.get(reverse(NEW) + f"?from={submit().pk}").status_code == 404


def test_the_look_before_training_tells_base_rates_folds_and_fits_and_stores_nothing(series, page):
    answer = page.post(reverse("mlmodels:foresee"), form_values(series, folds=3))
    text = answer.content.decode()
    assert "<html" not in text
    assert "How often it gains" in text
    assert text.count('class="fold-bar"') == 3
    assert "of 700 bars" in text
    assert "would be refused" not in text
    assert not MLModel.objects.exists()


def test_the_look_names_every_problem_with_a_link_to_its_field(series, page):
    given = form_values(series, folds=20, horizon=40, **{"feature-rsi": "x"})
    text = page.post(reverse("mlmodels:foresee"), given).content.decode()
    assert "This would be refused" in text
    assert 'href="#id_folds"' in text
    assert 'href="#id_feature-rsi"' in text


def test_the_look_waits_quietly_for_a_name_and_a_series(series, page):
    text = page.post(
        reverse("mlmodels:foresee"), form_values(series) | {"name": "", "series": ""}
    ).content.decode()
    assert "This would be refused" not in text
    assert "Choose a series" in text


def test_the_look_works_without_scripts(series, page):
    answer = page.post(reverse(NEW), form_values(series, show="1", folds=3))
    assert answer.status_code == 200
    assert answer.content.decode().count('class="fold-bar"') == 3
    assert not MLModel.objects.exists()


def test_every_box_of_the_picker_has_its_label(series, page):
    text = page.get(reverse(NEW)).content.decode()
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', text))
    boxes = set(re.findall(r'id="((?:kind-|id_feature-)\w+)"[^>]*>', text))
    inputs = {name for name in boxes if not name.endswith(("-about", "-errors"))}
    assert len(inputs) > 40
    assert inputs <= labelled
