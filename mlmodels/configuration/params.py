"""The settings of a training that are a number, a choice or yes and no; forms, API and documents follow from these."""

from __future__ import annotations

from mlmodels.algorithms.methods import (
    CALIBRATIONS,
    CLASS_WEIGHTS,
    FEWEST_TRIALS,
    MOST_TRIALS,
    NONE,
    SEARCHES,
)
from mlmodels.labels import LABELS
from mlmodels.trading import DEFAULT_COST_RATE
from mlmodels.validation.kinds import VALIDATIONS, WALK_FORWARD
from strategies.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param

LABEL_PARAM = ChoiceParam(
    "label",
    default="fixed_horizon",
    choices=tuple((kind.key, kind.label) for kind in LABELS.values()),
    label="What to foresee",
    help="Whether a trade entered at the next open gains: held for the whole horizon, or ended earlier where it "
    "reaches a profit or a loss of so many volatilities (triple barrier).",
)
HORIZON_PARAM = IntParam(
    "horizon",
    default=1,
    minimum=1,
    maximum=250,
    log=True,
    label="Horizon",
    help="How long the foreseen trade is held. Longer horizons overlap, so there is less to learn from.",
    unit="bars",
)
BARRIER_PARAM = FloatParam(
    "barrier_width",
    default=1.0,
    minimum=0.1,
    maximum=10.0,
    step=0.1,
    label="Barrier width",
    help="How far from the entry profit and loss lie; used where they end a trade.",
    unit="volatilities",
)
VALIDATION_PARAM = ChoiceParam(
    "validation",
    default=WALK_FORWARD,
    choices=tuple(VALIDATIONS.items()),
    label="Validation",
    help="Walk-forward trains on the past only, so its predictions can be traded. Combinatorial tests every bar "
    "several times, also with models that know the future: it judges, but nobody could have traded it.",
)
FOLDS_PARAM = IntParam(
    "folds",
    default=5,
    minimum=2,
    maximum=20,
    label="Folds",
    help="Test periods of equal length; the blocks of combinatorial validation.",
)
TRAINING_BARS_PARAM = IntParam(
    "training_bars",
    default=1000,
    minimum=100,
    maximum=250_000,
    label="Training window",
    help="How many bars each fold trains on; used by the rolling window only.",
    unit="bars",
)
TEST_FOLDS_PARAM = IntParam(
    "test_folds",
    default=2,
    minimum=1,
    maximum=10,
    label="Blocks tested at once",
    help="Used by combinatorial validation only. 2 of 6 blocks make 15 models and 5 paths through the period.",
)
EMBARGO_PARAM = IntParam(
    "embargo",
    default=0,
    minimum=0,
    maximum=500,
    label="Embargo",
    help="Bars left out between training and test beyond those the horizon demands.",
    unit="bars",
)
CLASS_WEIGHT_PARAM = ChoiceParam(
    "class_weight",
    default=NONE,
    choices=tuple(CLASS_WEIGHTS.items()),
    label="Class weights",
    help="Balanced weights make a rarer outcome count more; probabilities then mean odds against 50 %, unless they "
    "are calibrated.",
)
CALIBRATION_PARAM = ChoiceParam(
    "calibration",
    default=NONE,
    choices=tuple(CALIBRATIONS.items()),
    label="Calibration",
    help="Corrects probabilities on the last quarter of each training part, which the model is then not fitted on.",
)
SEARCH_PARAM = ChoiceParam(
    "search",
    default=NONE,
    choices=tuple(SEARCHES.items()),
    label="Search of hyper-parameters",
    help="Runs inside each training part again, so that no test bar has a say in the choice.",
)
SEARCH_TRIALS_PARAM = IntParam(
    "search_trials",
    default=20,
    minimum=FEWEST_TRIALS,
    maximum=MOST_TRIALS,
    label="Trials of a search",
    help="Sets of hyper-parameters that each search tries at most.",
)
CONTROLS_PARAM = BoolParam(
    "controls",
    default=True,
    label="Train the controls",
    help="Trains the same on shuffled outcomes and on a random walk, where nothing can be foreseen. What does well "
    "there is a fault in the procedure.",
)
COST_PARAM = FloatParam(
    "cost_rate",
    default=DEFAULT_COST_RATE,
    minimum=0.0,
    maximum=0.1,
    step=0.0001,
    label="Costs of a fill",
    help="Commission and slippage as a fraction of the value traded, for the trading part of the report.",
)
SHORT_PARAM = BoolParam(
    "short_trades",
    default=True,
    label="Short trades",
    help="Whether the trading part of the report goes short on a foreseen loss, or stays out.",
)
SEED_PARAM = IntParam(
    "seed",
    default=1,
    minimum=0,
    maximum=2**31 - 1,
    label="Seed",
    help="Same seed, same data, same model.",
)
TRAINING_PARAMS: tuple[Param, ...] = (
    LABEL_PARAM,
    HORIZON_PARAM,
    BARRIER_PARAM,
    VALIDATION_PARAM,
    FOLDS_PARAM,
    TRAINING_BARS_PARAM,
    TEST_FOLDS_PARAM,
    EMBARGO_PARAM,
    CLASS_WEIGHT_PARAM,
    CALIBRATION_PARAM,
    SEARCH_PARAM,
    SEARCH_TRIALS_PARAM,
    CONTROLS_PARAM,
    COST_PARAM,
    SHORT_PARAM,
    SEED_PARAM,
)
