"""The list with its versions and stages, and two models side by side."""

import csv
import io
import re

import pytest
from django.urls import reverse

from mlmodels.models import MLModel
from mlmodels.presentation.comparison import _setting
from mlmodels.services import MLModelService, SettingDifference

pytestmark = pytest.mark.django_db

LIST = "mlmodels:list"
COMPARE = "mlmodels:compare"


def query(*models):
    return "?" + "&".join(f"selected={model.pk}" for model in models)


@pytest.fixture
def pair(train):
    return train(), train(features=["log_return(1)", "volatility(10)"], hyperparameters={"strength": 1.0})


def listed(page, query=""):
    context = page.get(reverse(LIST) + query).context
    return [str(model) for model in context["page_obj"].object_list]


def test_a_name_is_listed_once_by_its_newest_trained_and_its_promoted_version(submit, page):
    first = submit()
    submit()
    submit()
    MLModel.objects.update(status="succeeded")
    assert listed(page) == ["Echo v3"]
    MLModelService.promote(MLModel.objects.get(pk=first.pk))
    assert listed(page) == ["Echo v3", "Echo"]
    submit()
    assert listed(page) == ["Echo v4", "Echo v3", "Echo"]
    assert listed(page, "?versions=all") == ["Echo v4", "Echo v3", "Echo v2", "Echo"]
    assert listed(page, "?q=echo") == ["Echo v4", "Echo v3", "Echo v2", "Echo"]
    assert listed(page, "?stage=promoted") == ["Echo"]
    assert "4 versions" in page.get(reverse(LIST)).content.decode()


def test_only_trained_models_can_be_selected(train, submit, page):
    model = train()
    waiting = submit(name="Waiting")
    text = page.get(reverse(LIST)).content.decode()
    assert f'name="selected" value="{model.pk}"' in text
    assert f'name="selected" value="{waiting.pk}"' not in text
    assert 'data-select-min="2" data-select-max="2"' in text


def test_two_models_stand_side_by_side_with_their_difference_and_its_error(pair, page):
    text = page.get(reverse(COMPARE) + query(*pair)).content.decode()
    for title in (
        "paired-title",
        "scores-title",
        "settings-title",
        "curve-roc",
        "curve-calibration",
        "equity-chart",
    ):
        assert f'id="{title}"' in text, title
    assert "bars in common" in text
    assert "Freedom of the weights (C)" in text
    assert "only here: log_return(2), rsi(14)" in text
    assert "Training window" not in text  # neither rolls
    table = re.search(r'id="curve-calibration".*?</figure>', text, re.S)[0]
    assert table.count('<td class="num">Echo</td>') == table.count('<td class="num">Echo v2</td>') == 10
    assert " style=" not in text


def lines_of(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_a_comparison_is_taken_away_with_every_digit(pair, page):
    MLModel.objects.filter(name="Echo").update(name="=Echo()")
    head, names, *rows = lines_of(page.get(reverse("mlmodels:compare_csv") + query(*pair)))
    assert head[:3] == ["part", "key", "label"]
    assert names[3:5] == ["'=Echo()", "'=Echo() v2"]  # no spreadsheet runs a name
    found = {(row[0], row[1]): row[3:] for row in rows}
    first, second = (model.metrics["overall"]["log_loss"] for model in pair)
    assert found["own bars", "log_loss"][:3] == [str(first), str(second), str(second - first)]
    assert float(found["same bars", "log_loss"][3]) > 0.0
    assert found["settings", "hyperparameters.strength"][:2] == ["0.01", "1.0"]


@pytest.mark.parametrize("curve", ["roc", "calibration", "equity"])
def test_each_picture_of_a_comparison_has_its_file(curve, pair, page):
    text = page.get(reverse(COMPARE) + query(*pair)).content.decode()
    address = reverse("mlmodels:compare_csv") + query(*pair) + f"&curve={curve}"
    assert address.replace("&", "&amp;") in text
    head, *rows = lines_of(page.get(address))
    assert len(head) == len(rows[0])
    assert {"Echo", "Echo v2"} <= {cell for row in rows for cell in row}


def test_no_file_is_made_of_what_there_is_not(pair, page, page_other):
    address = reverse("mlmodels:compare_csv")
    assert page.get(address + query(*pair) + "&curve=nonsense").status_code == 404
    assert page.get(address).status_code == 404
    assert page_other.get(address + query(*pair)).status_code == 404


def test_both_curves_lie_in_one_picture(pair, page):
    curves = page.get(reverse("mlmodels:compare_curves") + query(*pair)).json()["curves"]
    assert [line["label"] for line in curves["roc"]["lines"]] == ["Echo", "Echo v2", "Chance"]
    assert curves["roc"]["lines"][0]["tone"] != curves["roc"]["lines"][1]["tone"]
    ends = [part["predicted"] for model in pair for part in model.metrics["calibration"]]
    assert curves["calibration"]["x"]["min"] <= min(ends) <= max(ends) <= curves["calibration"]["x"]["max"]
    lines = page.get(reverse("mlmodels:compare_equity") + query(*pair)).json()["lines"]
    assert [line["label"] for line in lines] == ["Echo", "Echo v2", "Buy and hold"]


@pytest.mark.parametrize(
    "asked", ["", "?selected=1", "?selected=x&selected=y", "?selected=999998&selected=999999"]
)
def test_anything_but_two_trained_models_leads_back_to_the_list(asked, page):
    answer = page.get(reverse(COMPARE) + asked, follow=True)
    assert "Choose two trained models" in answer.content.decode()


def test_the_same_model_twice_is_not_two(train, page):
    model = train()
    assert page.get(reverse(COMPARE) + query(model, model)).status_code == 302


def test_a_stranger_compares_nothing(pair, page, page_other):
    assert page_other.get(reverse(COMPARE) + query(*pair)).status_code == 302
    assert page_other.get(reverse("mlmodels:compare_curves") + query(*pair)).json() == {"curves": {}}
    assert page_other.get(reverse("mlmodels:compare_equity") + query(*pair)).json() == {"equity": []}


def test_a_report_of_the_version_before_is_compared_as_far_as_it_goes(pair, page):
    older = MLModel.objects.get(pk=pair[0].pk)
    older.metrics = {name: older.metrics[name] for name in ("overall", "folds", "calibration")}
    older.save()
    text = page.get(reverse(COMPARE) + query(older, pair[1])).content.decode()
    assert 'id="scores-title"' in text
    curves = page.get(reverse("mlmodels:compare_curves") + query(older, pair[1])).json()["curves"]
    assert [line["label"] for line in curves["roc"]["lines"]] == ["Echo v2", "Chance"]


def test_neither_is_called_better_where_the_two_cannot_be_compared(pair, page):
    text = page.get(reverse(COMPARE) + query(*pair)).content.decode()
    assert 'class="visually-hidden"> better' in text
    other = MLModel.objects.get(pk=pair[1].pk)
    other.configuration |= {"horizon": other.configuration["horizon"] + 1}
    other.save()
    text = page.get(reverse(COMPARE) + query(*pair)).content.decode()
    assert "cannot be said from these trainings" in text
    assert 'class="visually-hidden"> better' not in text


def test_a_choice_is_compared_by_its_name(pair):
    found = SettingDifference("hyperparameters.max_features", "Features a split looks at", "sqrt", None)
    assert _setting(found, *pair)["first"] == "Square root of all"


def test_without_scripts_a_training_is_followed_until_it_ends_and_two_models_are_compared(
    submit, train, page
):
    again = '<noscript><meta http-equiv="refresh"'
    assert again in page.get(submit().get_absolute_url()).content.decode()
    assert again not in page.get(train().get_absolute_url()).content.decode()
    (offered,) = re.findall(
        r"<noscript>(.*?Compare the two.*?)</noscript>", page.get(reverse(LIST)).content.decode()
    )
    assert 'type="submit"' in offered
