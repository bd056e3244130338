"""Hyper-parameters that all boosted trees share."""

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
