"""Hyper-parameters that several algorithms of trees share."""

from mlmodels.algorithms.params import TunedFloat, TunedInt

BOOSTING_ROUNDS = TunedInt(
    "trees",
    default=100,
    minimum=5,
    maximum=2000,
    label="Trees",
    help="Rounds of boosting. With a smaller learning rate it takes more.",
    tries=(25, 50, 100, 200, 400),
    log=True,
)

LEARNING_RATE = TunedFloat(
    "learning_rate",
    default=0.05,
    minimum=0.001,
    maximum=1.0,
    step=0.001,
    label="Learning rate",
    help="How much of each tree's correction is taken over.",
    tries=(0.01, 0.03, 0.1, 0.3),
    log=True,
)

L2_PENALTY = TunedFloat(
    "l2_penalty",
    default=1.0,
    minimum=0.0,
    maximum=1000.0,
    step=0.1,
    label="L2 penalty",
    help="Pulls the trees' answers closer to zero.",
    tries=(100.0, 10.0, 1.0),
    log=True,
)

MIN_LEAF = TunedInt(
    "min_leaf",
    default=20,
    minimum=1,
    maximum=1000,
    label="Smallest leaf",
    help="Training rows that each leaf must hold: more is smoother and learns less noise.",
    unit="rows",
    tries=(200, 50, 20, 5),
    log=True,
)
