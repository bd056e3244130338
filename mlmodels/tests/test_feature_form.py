"""Features as the form asks for them: what is typed beside a kind, and back."""

import pytest

from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, feature_kinds, get_feature
from mlmodels.forms.features import PRESETS, names_of, offered_text, ticked, typed_of

KINDS = {kind.key: kind for kind in feature_kinds()}


@pytest.mark.parametrize(
    ("kind", "typed", "names"),
    [
        ("rsi", "14", ["rsi(14)"]),
        ("rsi", "7; 14", ["rsi(7)", "rsi(14)"]),
        ("rsi", "7, 14", ["rsi(7)", "rsi(14)"]),
        ("rsi", " 7 ;; 7 ", ["rsi(7)"]),
        ("log_return", "1-3; 10", ["log_return(1)", "log_return(2)", "log_return(3)", "log_return(10)"]),
        ("log_return", "1 to 2", ["log_return(1)", "log_return(2)"]),
        ("macd_histogram", "12, 26, 9; 5, 35, 5", ["macd_histogram(12, 26, 9)", "macd_histogram(5, 35, 5)"]),
        ("macd_histogram", "12", ["macd_histogram(12, 26, 9)"]),
        ("day_of_week", "sin, cos", ["day_of_week(sin)", "day_of_week(cos)"]),
        ("gap", "", ["gap"]),
        ("rsi", "", ["rsi(14)"]),
    ],
)
def test_what_is_typed_beside_a_kind_becomes_features(kind, typed, names):
    assert names_of(KINDS[kind], typed) == names


@pytest.mark.parametrize(
    ("kind", "typed"), [("rsi", "fourteen"), ("rsi", "0"), ("macd_histogram", "1, 2, 3, 4")]
)
def test_settings_that_mean_nothing_are_refused_in_words(kind, typed):
    with pytest.raises(TrainingError) as caught:
        names_of(KINDS[kind], typed)
    assert "features" in caught.value.fields


@pytest.mark.parametrize(
    ("typed", "told"), [("500-1", "Write 1-500"), (";;;", "No setting"), (" , ", "No setting")]
)
def test_text_that_names_nothing_drops_no_feature_in_silence(typed, told):
    with pytest.raises(ValueError, match=told):
        names_of(get_feature("log_return(1)").kind, typed)


def test_a_range_without_end_is_refused_before_it_is_made():
    with pytest.raises(ValueError, match="more than 100"):
        names_of(KINDS["log_return"], "1-9999")


@pytest.mark.parametrize("key", KINDS)
def test_what_a_kind_offers_reads_back_as_itself(key):
    kind = KINDS[key]
    assert set(names_of(kind, offered_text(kind))) == {feature.name for feature in kind.features()}


def test_runs_are_shortened():
    assert typed_of(KINDS["log_return"], [(1,), (2,), (3,), (5,), (7,), (8,)]) == "1-3; 5; 7; 8"


def test_names_of_the_version_before_tick_today_s_kinds():
    assert ticked(["rsi_14", "log_return_1", "log_return_2", "log_return_3", "nonsense"]) == {
        "rsi": "14",
        "log_return": "1-3",
    }


@pytest.mark.parametrize("key", PRESETS)
def test_presets_name_features_that_exist(key):
    for name in PRESETS[key][1]:
        assert get_feature(name).name == name


def test_the_usual_features_survive_the_form():
    back = [name for key, text in ticked(DEFAULT_FEATURES).items() for name in names_of(KINDS[key], text)]
    assert sorted(back) == sorted(DEFAULT_FEATURES)
