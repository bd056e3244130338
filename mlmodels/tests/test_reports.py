"""What a report says: complete, in plain values, adding up, for each kind of validation."""

import json
import math

import numpy as np
import pytest

from mlmodels import trading
from mlmodels.errors import TrainingError
from mlmodels.features import FeatureKind, temporarily
from mlmodels.tests.prices import autoregressive
from mlmodels.training import MLPredictor

SOME = ["log_return(1)", "log_return(2)", "volatility(10)"]
KEYS = {
    "format", "overall", "folds", "base_rates", "roc", "precision_recall", "calibration", "thresholds", "trading",
    "controls", "search", "paths", "impurity", "stability", "reference", "audit", "retraining", "labelled_rows",
    "first_prediction",
}  # fmt: skip


def train(count=1200, phi=0.3, algorithm="logistic_regression", **settings):
    predictor = MLPredictor(algorithm, **{"features": SOME, "folds": 3, **settings})
    predictor.train(autoregressive(count, phi, seed=21))
    return predictor


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


@pytest.fixture(scope="module")
def combined():
    return train(validation="combinatorial", folds=5, test_folds=2)


def test_a_report_has_every_part_in_plain_finite_values():
    report = train(
        search="random", search_trials=2, calibration="isotonic", label="triple_barrier", horizon=4
    )
    found = report.trained_report.to_dict()
    assert set(found) == KEYS
    assert found["format"] == 2
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert all(math.isfinite(number) for number in numbers(found))
    fold = found["folds"][0]
    assert {"train_spans", "purged_spans", "embargo_spans", "test_spans", "score", "confusion"} <= set(fold)
    assert sum(fold["confusion"].values()) == fold["score"]["rows"]
    assert found["retraining"] == [fold["test_start"] for fold in found["folds"]]
    assert found["first_prediction"] == found["folds"][0]["test_start"]
    audit = found["audit"]
    assert audit == {
        "features": 3,
        "places": audit["places"],
        "rare_caught": audit["rare_caught"],
        "passed": True,
    }
    assert set(found["reference"]) == set(SOME)
    assert {row["name"] for row in found["stability"]} == set(SOME)
    assert all(row["by_chance"] > 0.0 for row in found["stability"])
    assert found["base_rates"]["up"] + found["base_rates"]["down"] == 1.0
    assert found["trading"]["equity"][0][1] == pytest.approx(1.0, abs=0.01)
    assert found["thresholds"]["points"][0]["margin"] == 0.0


def test_every_trial_of_every_search_is_told_with_its_fold():
    predictor = train(search="grid", search_trials=3, algorithm="random_forest", hyperparameters={"trees": 5})
    found = predictor.trained_report.to_dict()["search"]
    assert (found["method"], found["evaluated"]) == ("grid", 12)
    # three trials in each of three folds, and three for the final model
    assert [trial["fold"] for trial in found["trials"]] == [1] * 3 + [2] * 3 + [3] * 3 + [0] * 3
    for number, fold in enumerate(predictor.trained_report.folds, start=1):
        mine = [trial for trial in found["trials"] if trial["fold"] == number]
        best = min(mine, key=lambda trial: trial["score"])
        assert [trial["chosen"] for trial in mine].count(True) == 1
        assert best["score"] == next(trial["score"] for trial in mine if trial["chosen"])
        assert fold.hyperparameters == next(trial["hyperparameters"] for trial in mine if trial["chosen"])


def test_a_search_never_sees_the_test_part():
    """Other outcomes and prices from the last test block on leave all searches before it as they were."""
    settings = {"search": "random", "search_trials": 3, "controls": False}
    bars = autoregressive(1200, 0.3, seed=21)
    changed = autoregressive(1200, -0.6, seed=5)
    first = MLPredictor(features=SOME, folds=3, **settings).train(bars)
    start = int(np.flatnonzero(first.record.fold == 3)[0])
    columns = {
        name: np.concatenate((getattr(bars, name)[:start], getattr(changed, name)[start:]))
        for name in ("open", "high", "low", "close", "volume")
    }
    second = MLPredictor(features=SOME, folds=3, **settings).train(type(bars)(time=bars.time, **columns))
    for fold in (1, 2, 3):
        mine, other = ([t for t in report.trials if t.fold == fold] for report in (first, second))
        assert mine == other
    np.testing.assert_array_equal(first.record.probability[:start], second.record.probability[:start])


def test_combinatorial_reports_have_paths_and_are_not_causal(combined):
    report = combined.trained_report
    found = report.to_dict()
    assert (len(found["folds"]), len(found["paths"])) == (10, 4)
    assert report.record.causal is False
    assert (found["trading"], found["thresholds"], found["retraining"]) == (None, None, [])
    assert all(path["sharpe"] is not None for path in found["paths"])
    # Paths cover the same bars, so their mean is the whole.
    assert np.mean([path["accuracy"] for path in found["paths"]]) == pytest.approx(report.overall.accuracy)
    assert np.mean([path["log_loss"] for path in found["paths"]]) == pytest.approx(report.overall.log_loss)
    assert report.overall.rows == report.labelled_rows
    assert report.overall.effective_rows == report.overall.rows
    assert {control.key for control in report.controls if control.passed} >= {
        "shuffled_labels",
        "random_walk",
    }


def test_nobody_trades_on_a_combinatorial_model_within_its_training(combined):
    bars = autoregressive(1300, 0.3, seed=21)
    answers = combined.predict(bars)
    assert np.isnan(answers[:1200]).all()
    assert np.isfinite(answers[1200:]).all()


def test_a_rolling_model_forgets():
    report = train(validation="rolling", training_bars=400).trained_report
    assert [fold.described["train_rows"] for fold in report.folds] == [400] * 3
    # warm-up 10, window 400, gap 2
    assert np.flatnonzero(np.isfinite(report.record.probability))[0] == 412


def test_without_a_simulator_there_are_no_trades(monkeypatch):
    monkeypatch.setattr(trading, "_provided", [])
    report = train(controls=False).trained_report
    assert report.trading is None
    assert [control.key for control in report.controls] == ["majority"]


def test_costs_are_those_asked_for():
    free, dear = (train(cost_rate=rate, controls=False).trained_report.trading for rate in (0.0, 0.01))
    assert free.model.net_return > dear.model.net_return
    assert dear.cost_rate == 0.01


def constant(columns, out, **parameters):
    out[:] = 3.0


def rare(columns, out, **parameters):
    out[:] = np.where(np.arange(len(out)) % 3 == 0, np.nan, columns.log_close % 0.01)


def made(key, compute):
    return FeatureKind(key, key, title=key, summary="", group="returns", compute=compute, warmup=lambda: 0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (made("always_three", constant), "always_three is 3 at every bar"),
        (made("rare_one", rare), "rare_one has no value in 33% of the bars after its warm-up; up to 20%"),
    ],
    ids=["constant", "missing"],
)
def test_a_feature_that_says_nothing_is_refused_by_name_before_anything_is_fitted(kind, said, monkeypatch):
    monkeypatch.setattr("mlmodels.training.run.validate", lambda *args, **kwargs: pytest.fail("fitted"))
    with temporarily(kind), pytest.raises(TrainingError) as caught:
        train(features=[*SOME, kind.key])
    assert len(caught.value.fields["features"]) == 1
    assert said in caught.value.fields["features"][0]


def late(columns, out, **parameters):
    """No value in the first sixth of the bars."""
    out[:] = columns.log_close % 0.01
    out[: len(out) // 6] = np.nan


@pytest.mark.parametrize("more", [{}, {"calibration": "sigmoid"}, {"search": "random"}], ids=str)
def test_a_fold_without_rows_is_refused_with_a_remedy(more):
    with temporarily(made("late_one", late)), pytest.raises(TrainingError) as caught:
        train(count=3000, features=[*SOME, "late_one"], folds=8, **more)
    assert "Fold 1 has 0 bars with all features" in caught.value.fields["folds"][0]


def test_progress_names_folds_trials_and_controls():
    seen = []
    MLPredictor(features=SOME, folds=2, search="random", search_trials=2).train(
        autoregressive(900, 0.0, seed=3), lambda share, said: seen.append((share, said))
    )
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    texts = [said for _, said in seen]
    for wanted in (
        "Fold 1 of 2, trial 1 of 2", "Fold 2 of 2, trial 2 of 2", "Fold 2 of 2: training on", "Fold 2 of 2: measuring",
        "Shuffled outcomes: Fold 1 of 2", "Random walk: Fold 2 of 2", "Final model, trial 2 of 2", "Training the final",
    ):  # fmt: skip
        assert any(wanted in said for said in texts), wanted
