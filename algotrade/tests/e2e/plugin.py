"""A strategy type for tests, loaded as an operator's plug-in (`LAB_PLUGINS`): it takes as long as it is told to."""

import time

import numpy as np

from strategies.base import BaseStrategy
from strategies.params import FloatParam
from strategies.registry import register


@register
class SlowStrategy(BaseStrategy):
    """Long from the second bar on, after some seconds of doing nothing."""

    key = "slow"
    label = "Slow motion"
    summary = "Buys and holds, after thinking for some seconds."
    params = (
        FloatParam(
            "seconds",
            default=2.0,
            minimum=0.0,
            maximum=120.0,
            label="Seconds",
            help="How long it thinks.",
            unit="s",
        ),
    )

    def warmup(self) -> int:
        return 1

    def target(self, bars):
        time.sleep(self.parameters["seconds"])
        target = np.ones(len(bars))
        target[0] = np.nan
        return target
