"""Calibration curves: they put right what is wrong, never turn a ranking round, and are never too sure."""

import json

import numpy as np
import pytest

from mlmodels.algorithms import get_algorithm
from mlmodels.errors import TrainingError
from mlmodels.estimators import CalibrationRows, fit
from mlmodels.estimators.calibration import Isotonic, Sigmoid, bounded, calibrator_from_dict, fit_calibrator
from mlmodels.tests.rows import calibration_rows, known


def truth(count=20_000, seed=1):
    """Chances and outcomes that follow them."""
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.05, 0.95, size=count)
    return chance, (rng.uniform(size=count) < chance).astype(np.float64)


def too_sure(chance):
    """Log-odds three times as large as they should be."""
    odds = (chance / (1.0 - chance)) ** 3
    return odds / (1.0 + odds)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_an_estimator_that_is_too_sure_is_put_right(kind):
    chance, up = truth()
    curve = fit_calibrator(kind, too_sure(chance), up)
    assert np.abs(too_sure(chance) - chance).mean() > 0.1
    assert np.abs(curve.calibrated(too_sure(chance)) - chance).mean() < 0.02


def test_the_sigmoid_is_the_known_one():
    chance, up = truth(100_000)
    curve = Sigmoid.fit(too_sure(chance), up)
    assert curve.slope == pytest.approx(1 / 3, abs=0.01)
    assert curve.intercept == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_a_ranking_that_is_upside_down_is_not_turned_round_but_forgotten(kind):
    chance, up = truth()
    corrected = fit_calibrator(kind, 1.0 - chance, up).calibrated(1.0 - chance)
    assert np.ptp(corrected) < 0.15
    assert corrected.mean() == pytest.approx(up.mean(), abs=0.01)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_curves_never_fall_and_stay_off_zero_and_one(kind):
    probability = np.linspace(0.01, 0.99, 60)
    up = (probability > 0.5).astype(np.float64)
    corrected = bounded(fit_calibrator(kind, probability, up).calibrated(np.linspace(0.0, 1.0, 500)))
    assert (np.diff(corrected) >= 0.0).all()
    assert 0.0 < corrected.min() < 0.1
    assert 0.9 < corrected.max() < 1.0


def test_sixty_rows_make_an_isotonic_curve_no_surer_than_61_in_62():
    probability = np.linspace(0.01, 0.99, 60)
    curve = Isotonic.fit(probability, (probability > 0.5).astype(np.float64))
    assert curve.calibrated(np.array([0.0, 1.0])) == pytest.approx([1 / 62, 61 / 62], rel=1e-12)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_an_estimator_that_always_says_the_same_becomes_the_share_of_gains(kind):
    up = np.array([1.0] * 15 + [0.0] * 45)
    corrected = fit_calibrator(kind, np.full(60, 0.7), up).calibrated(np.full(3, 0.7))
    assert corrected == pytest.approx([0.25] * 3, abs=0.02)


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_a_curve_goes_through_json_without_losing_a_bit(kind):
    chance, up = truth(500)
    curve = fit_calibrator(kind, chance, up)
    again = calibrator_from_dict(json.loads(json.dumps(curve.to_dict())))
    np.testing.assert_array_equal(again.calibrated(chance), curve.calibrated(chance))


@pytest.mark.parametrize(
    "made_up",
    [
        {"kind": "sigmoid", "slope": -1.0, "intercept": 0.0},
        {"kind": "sigmoid", "slope": float("nan"), "intercept": 0.0},
        {"kind": "isotonic", "at": [0.1, 0.2], "gives": [0.9, 0.1]},
        {"kind": "isotonic", "at": [0.2, 0.1], "gives": [0.1, 0.9]},
        {"kind": "isotonic", "at": [0.1, 0.2], "gives": [0.1, 1.9]},
        {"kind": "isotonic", "at": [], "gives": []},
        {"kind": "pickle"},
    ],
    ids=lambda value: "-".join(str(part) for part in value.values()),
)
def test_a_curve_that_is_none_is_refused(made_up):
    with pytest.raises(ValueError, match="the calibration curve"):
        calibrator_from_dict(made_up)


def test_too_few_rows_or_one_outcome_cannot_calibrate():
    features, up = known(400)
    with pytest.raises(TrainingError) as caught:
        CalibrationRows(features[:10], up[:10])
    assert "10 bars" in caught.value.fields["calibration"][0]
    with pytest.raises(TrainingError, match="400 bars with 400 gains"):
        CalibrationRows(features, np.ones(400))


def test_the_curve_is_fitted_on_the_given_rows_alone():
    features, up = known(1500)
    values = get_algorithm("random_forest").clean({"trees": 15, "min_leaf": 1, "max_depth": 12})
    rows = calibration_rows(2000)

    def made(rows):
        return fit(
            "random_forest", features, up, values, seed=1, calibration="isotonic", calibration_rows=rows
        )

    plain = fit("random_forest", features, up, values, seed=1)
    np.testing.assert_array_equal(
        made(rows).probability_up(features),
        Isotonic.fit(plain.probability_up(rows.features), rows.up).calibrated(plain.probability_up(features)),
    )
    never = CalibrationRows(rows.features, np.random.default_rng(2).permutation(rows.up))
    assert np.ptp(made(never).probability_up(features)) < 0.5 * np.ptp(made(rows).probability_up(features))


def test_calibration_lowers_the_loss_on_rows_that_nobody_saw():
    features, up = known(600)
    unseen, then = known(3000, seed=9)
    values = get_algorithm("xgboost").clean({"trees": 300, "max_depth": 6, "learning_rate": 0.3})

    def loss(**settings):
        said = fit("xgboost", features, up, values, seed=1, **settings).probability_up(unseen)
        return -np.mean(then * np.log(said) + (1 - then) * np.log(1 - said))

    plain = loss()
    for kind in ("sigmoid", "isotonic"):
        assert loss(calibration=kind, calibration_rows=calibration_rows()) < plain - 0.05
