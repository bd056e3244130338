"""Features by name: what they are called, what is refused, and tables of them."""

import subprocess
import sys

import numpy as np
import pytest

from marketdata.bars import COLUMNS, Bars
from mlmodels.errors import TrainingError
from mlmodels.features import (
    DEFAULT_FEATURES,
    GROUPS,
    FeatureKind,
    canonical_schema,
    feature_kinds,
    feature_names,
    get_feature,
    prepare,
    register_feature,
    temporarily,
    warmup_of,
)
from mlmodels.features.registry import bars_param
from mlmodels.tests.in_pandas import IN_PANDAS
from mlmodels.tests.prices import autoregressive, from_rows

BARS = autoregressive(160, 0.0, seed=4)


def kind(key="own", group="trend", **changes):
    made = {
        "title": "Own",
        "summary": "Own.",
        "group": group,
        "compute": lambda columns, out, **parameters: None,
        "warmup": lambda **parameters: 0,
    }
    return FeatureKind(key, "Own", **{**made, **changes})


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("rsi(14)", "rsi(14)"),
        (" rsi ( 9 ) ", "rsi(9)"),
        ("rsi", "rsi(14)"),
        ("rsi()", "rsi(14)"),
        ("rsi_21", "rsi(21)"),
        ("rsi(window=5)", "rsi(5)"),
        ("log_return_20", "log_return(20)"),
        ("stochastic_k", "stochastic_k(14, 3)"),
        ("macd_histogram", "macd_histogram(12, 26, 9)"),
        ("macd_histogram_5_10_3", "macd_histogram(5, 10, 3)"),
        ("macd_histogram(5, signal=3)", "macd_histogram(5, 26, 3)"),
        ("bollinger_position(20, 2.50)", "bollinger_position(20, 2.5)"),
        ("gap", "gap"),
        ("gap()", "gap"),
        ("day_of_week(cos)", "day_of_week(cos)"),
    ],
)
def test_names_are_calls_and_those_of_earlier_versions_are_understood(given, name):
    feature = get_feature(given)
    assert feature.name == name
    assert get_feature(name) == feature
    assert feature.schema == f"{name}@1"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("rsj(14)", "Did you mean 'rsi'"),
        ("price", "There is no feature 'price'"),
        ("rsi(0)", "window: 0 is out of bounds"),
        ("rsi(14.5)", "'14.5' is not a whole number"),
        ("rsi(14, 3)", "rsi takes 1 parameters"),
        ("rsi(14, window=3)", "window is given twice"),
        ("rsi(span=3)", "There is no such parameter"),
        ("bollinger_position(20, nan)", "nan"),
        ("day_of_week(tan)", "Give one of: sin, cos"),
        ("macd_histogram(26, 12, 9)", "fast 26 is not below slow 12"),
        ("momentum(5, 5)", "skip 5 is not below span 5"),
        ("rsi(14", "Write it like rsi(14)"),
        ("rsi(rsi(3))", "Write it like rsi(14)"),
        ("", "Write it like rsi(14)"),
        ("a" * 5_000, "Write it like rsi(14)"),
        (14, "Write it like rsi(14)"),
        (None, "Write it like rsi(14)"),
        (["rsi"], "Write it like rsi(14)"),
    ],
)
def test_what_is_no_feature_is_refused_with_a_remedy(given, said):
    with pytest.raises(TrainingError) as caught:
        get_feature(given)
    assert said in caught.value.detail
    assert caught.value.fields["features"] == [caught.value.detail]


def test_a_stored_schema_is_compared_under_its_name_of_today():
    assert canonical_schema("rsi_14@1") == "rsi(14)@1"
    assert canonical_schema("stochastic_k@3") == "stochastic_k(14, 3)@3"
    assert canonical_schema("long_gone@1") == "long_gone@1"


def test_all_names_of_the_version_before_still_mean_the_same():
    old = [*(f"log_return_{span}" for span in range(1, 21)), "volatility_10", "volatility_20", "atr_ratio_14"]
    old += ["rsi_14", "stochastic_k", "sma_gap_20", "macd_histogram", "adx_14"]
    assert tuple(get_feature(name).name for name in old) == DEFAULT_FEATURES
    assert get_feature("volume_ratio_20").name == "volume_ratio(20)"


def test_a_kind_is_registered_once_and_in_a_group_that_exists():
    with temporarily(kind()):
        assert get_feature("own").name == "own"
        with pytest.raises(ValueError, match="registered twice"):
            register_feature(kind())
    with pytest.raises(TrainingError):
        get_feature("own")
    with pytest.raises(ValueError, match="no group 'luck'; there are: returns"):
        register_feature(kind(group="luck"))
    with pytest.raises(ValueError, match="ends in a letter"):
        register_feature(kind("own_2"))


def test_every_kind_says_what_it_is():
    for one in feature_kinds():
        assert one.label
        assert one.summary.endswith(".")
        assert one.group in GROUPS
        assert one.features()
        for feature in one.features():
            assert "{" not in feature.label


def test_groups_choose_features():
    assert set(feature_names(["calendar"])) == {
        f"{day}({part})" for day in ("day_of_week", "time_of_day") for part in ("sin", "cos")
    }
    assert feature_names([]) == ()
    assert len(set(feature_names())) == len(feature_names())
    assert get_feature("log_return(1)").label == "Return over 1 bar"


def test_the_default_features_need_no_volume():
    assert not any(get_feature(name).needs_volume for name in DEFAULT_FEATURES)
    assert warmup_of(DEFAULT_FEATURES) == 33  # the MACD's slow + signal - 2
    assert warmup_of(()) == 0


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_bars_give_no_values(count):
    table = prepare(BARS.head(count), ["rsi_14", "volatility_20", "adx_14"])
    assert table.values.shape == (count, 3)
    assert np.isnan(table.values).all()
    assert not table.complete.any()


@pytest.mark.parametrize("count", [0, 1, 2, 21, 34])
def test_every_offered_feature_bears_few_bars(count):
    names = feature_names()
    values = prepare(BARS.head(count), names).values
    for name, column in zip(names, values.T, strict=True):
        assert np.isfinite(column).sum() == max(0, count - get_feature(name).warmup), name


def test_a_table_is_the_same_by_two_threads_and_by_single_columns():
    names = feature_names()
    table = prepare(BARS, names)
    np.testing.assert_array_equal(prepare(BARS, names, threads=2).values, table.values)
    for name, column in zip(names, table.values.T, strict=True):
        np.testing.assert_array_equal(prepare(BARS, [name]).values[:, 0], column)
        np.testing.assert_array_equal(get_feature(name).compute(BARS), column)


def test_a_table_becomes_a_frame():
    frame = prepare(BARS, ["rsi_14", "log_return_1"]).to_frame()
    assert list(frame.columns) == ["rsi(14)", "log_return(1)"]
    assert str(frame.index.tz) == "UTC"


@pytest.mark.parametrize("name", IN_PANDAS)
def test_a_feature_has_the_values_of_its_pandas_formulation(name):
    bars = autoregressive(2_000, 0.1, seed=8)
    ours, theirs = prepare(bars, [name]).values[:, 0], IN_PANDAS[name](bars.to_frame()).to_numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_a_parameter_has_bounds_of_its_own():
    narrow = kind(
        params=(bars_param("window", 5, minimum=4),), compute=lambda columns, out, window: out.fill(window)
    )
    with temporarily(narrow):
        np.testing.assert_array_equal(
            prepare(from_rows((1, 1, 1, 1)), ["own", "own(4)"]).values, [[5.0, 4.0]]
        )
        with pytest.raises(TrainingError, match="from 4 to 500"):
            get_feature("own(3)")


def test_importing_features_labels_audit_and_drift_loads_neither_django_nor_numba_nor_pandas():
    code = (
        "import sys, mlmodels.features, mlmodels.labels, mlmodels.audit, mlmodels.drift\n"
        "from mlmodels.features import get_feature, StrategyFeatures\n"
        "get_feature('rsi(9)').warmup, StrategyFeatures('macd').warmup\n"
        "print([name for name in ('django', 'numba', 'pandas', 'sklearn', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_columns_that_are_views_of_a_table_give_the_same_values():
    table = np.ascontiguousarray(np.column_stack([getattr(BARS, column) for column in COLUMNS]))
    views = dict(zip(COLUMNS, table.T, strict=True))
    names = feature_names()
    np.testing.assert_array_equal(
        prepare(Bars.trusted(time=BARS.time, **views), names).values, prepare(BARS, names).values
    )
